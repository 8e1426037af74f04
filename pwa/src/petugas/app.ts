// The one sender of this page, and the one hand that writes.
import { makeRoom } from "../shared/photos";
import { phone } from "./phone.svelte";
import { Saving } from "./saving.svelte";
import { Sending } from "./sending.svelte";

export const sending = new Sending(phone.db);
export const saving = new Saving(sending, () => makeRoom(phone.db));
