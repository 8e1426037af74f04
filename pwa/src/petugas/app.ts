// The one phone of this page and its one sender.
import { phone } from "./phone.svelte";
import { Sending } from "./sending.svelte";

export const sending = new Sending(phone.db);
