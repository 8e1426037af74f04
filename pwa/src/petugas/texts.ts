// What the officer's app says, in the language chosen now.
import { texts } from "../shared/i18n.svelte";
import { en } from "./texts.en";
import { id } from "./texts.id";

export const t = texts(id, en);
