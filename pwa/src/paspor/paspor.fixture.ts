// An application as the server would send it, for the tests of this folder.
import type { ApplicationView, State, Step } from "../shared/protocol";

export const TOKEN = "AbCdEfGhIjKlMnOpQrStUv";

export function application(
  states: readonly State[],
  changes: Partial<ApplicationView> = {},
): ApplicationView {
  const timeline = states.map((state, index): Step => {
    return { state, at: Date.parse(`2016-08-0${index + 1}T02:00:00Z`), reason: "" };
  });
  return {
    application_id: "01900000-0000-7000-8000-000000000001",
    number: "1234567890123456",
    service: "sunset",
    state: states.at(-1)!,
    visit_on: "2016-08-01",
    paid: true,
    promised_on: "2016-08-05",
    timeline,
    push_key: "BPk",
    now: Date.parse("2016-08-04T02:00:00Z"),
    ...changes,
  };
}
