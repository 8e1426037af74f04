// Officers' phones at the desk: how one is found in the list and what may be done with it (SPEC D1, D4).
import { call } from "../shared/api";
import type { Tone } from "../shared/icons";
import type { EnrolmentCode, OfficerPhones, PhoneStanding, PhoneView } from "../shared/protocol";

/** More than this is no list that a person reads. */
export const MOST_SHOWN = 50;

export const TONES: Record<PhoneStanding, Tone> = { trusted: "done", revoked: "wait", wiped: "plain" };

/** Officers whose name or area has all the words that were typed. */
export function matching(officers: readonly OfficerPhones[], typed: string): OfficerPhones[] {
  const words = typed
    .toLocaleLowerCase()
    .split(/[\s/,]+/)
    .filter(Boolean);
  return officers.filter((it) => {
    const text = described(it);
    return words.every((word) => text.includes(word));
  });
}

function described({ officer, areas }: OfficerPhones): string {
  const places = areas.map(({ rt, rw, kelurahan, kecamatan }) =>
    [rt && `rt ${rt}`, `rw ${rw}`, kelurahan, kecamatan].join(" "),
  );
  return [officer, ...places].join(" ").toLocaleLowerCase();
}

/** The list with a phone as it is now. */
export function withPhone(officers: OfficerPhones[], phone: PhoneView): OfficerPhones[] {
  const put = (it: PhoneView): PhoneView => (it.device_id === phone.device_id ? phone : it);
  return officers.map((it) => ({ ...it, phones: it.phones.map(put) }));
}

export function revoke(phone: PhoneView): Promise<PhoneView> {
  return call(`/api/devices/${phone.device_id}/revocation`, { method: "POST" });
}

export function newCode(officer: OfficerPhones): Promise<EnrolmentCode> {
  return call(`/api/officers/${officer.officer_id}/enrolment-code`, { method: "POST" });
}
