// Generated from sync/protocol by `ronda protocol`. Do not edit.
export const PROTOCOL = 3;
export const MAX_MUTATIONS = 200;
export const MAX_BODY = 262144;
export const GROUPS = ["identity", "document", "permit", "stay", "note", "photos"] as const;
export type Uuid = string;
/** milliseconds since 1970-01-01T00:00Z */
export type Instant = number;
export type Line = string;
export type Lines = string;
/** YYYY-MM-DD, or empty: not known */
export type Day = string;
/** YYYY, YYYY-MM, YYYY-MM-DD or empty */
export type PartialDay = string;
/** code of a travel document, or empty */
export type StateCode = string;
/** an address, in ASCII */
export type Url = string;
export type Sha256 = string;
/** Stable codes of problems. A code, once released, keeps its meaning. */
export const Code = ["body_not_utf8", "body_not_json", "body_too_deep", "body_too_large", "body_not_gzip", "headers_too_large", "request_invalid", "content_type_unsupported", "origin_refused", "protocol_unsupported", "not_found", "method_not_allowed", "unauthorized", "forbidden", "busy", "internal", "code_invalid", "code_used", "code_expired", "credentials_invalid", "event_not_allowed", "payment_missing", "endpoint_refused", "mutation_unreadable", "text_forbidden", "date_impossible", "mutation_id_reused", "area_out_of_scope", "area_fixed", "record_quarantined", "record_unknown", "record_kind_differs", "resolution_not_allowed", "resolution_stale", "device_revoked", "discarded", "decided_already", "photo_type_unsupported", "photo_too_large", "photo_unreadable", "photo_digest_differs", "photo_offset_differs"] as const;
export type Code = (typeof Code)[number];
export const Sex = ["", "F", "M", "X"] as const;
export type Sex = (typeof Sex)[number];
export const DocumentKind = ["passport", "unhcr_card", "other", "none"] as const;
export type DocumentKind = (typeof DocumentKind)[number];
/** Why no document was seen; only with `DocumentKind.none`. */
export const NoDocumentReason = ["", "not_shown", "lost", "at_office", "with_sponsor"] as const;
export type NoDocumentReason = (typeof NoDocumentReason)[number];
export const PermitKind = ["", "BVK", "VoA", "ITK", "ITAS", "ITAP", "none"] as const;
export type PermitKind = (typeof PermitKind)[number];
export const LodgingKind = ["", "house", "boarding_house", "apartment", "hotel", "company", "other"] as const;
export type LodgingKind = (typeof LodgingKind)[number];
export interface Identity {
  full_name: Line;
  sex: Sex;
  birth_date: PartialDay;
  birth_place: Line;
  nationality: StateCode;
}
export interface Document {
  kind: DocumentKind;
  number: Line;
  issuing_state: StateCode;
  expiry: Day;
  reason: NoDocumentReason;
}
export interface Permit {
  kind: PermitKind;
  number: Line;
  expiry: Day;
}
export interface Stay {
  address: Line;
  lodging: LodgingKind;
  lodging_name: Line;
  owner: Line;
  owner_phone: Line;
  arrival: Day;
  departure: Day;
  purpose: Line;
  sponsor: Line;
}
/** Some groups of a report: those that a mutation changes, or their base. What is unset is not spoken of. */
export interface Groups {
  identity?: Identity;
  document?: Document;
  permit?: Permit;
  stay?: Stay;
  note?: Lines;
  photos?: Sha256[];
}
/** All groups of a report, as the server holds it. */
export interface Report {
  identity: Identity;
  document: Document;
  permit: Permit;
  stay: Stay;
  note: Lines;
  photos: Sha256[];
}
/** A report begun or edited. `base` holds the values that the phone knew of each group in `changes`. */
export interface SaveReport {
  kind: "report";
  mutation_id: Uuid;
  record_id: Uuid;
  area_id: Uuid;
  captured_at: Instant;
  changes: Groups;
  base: Groups;
}
/** A report that was a mistake. `base` holds all groups as the phone knew them. */
export interface RemoveReport {
  kind: "remove";
  mutation_id: Uuid;
  record_id: Uuid;
  area_id: Uuid;
  captured_at: Instant;
  base: Groups;
}
/** Nihil: nothing to report in this RT in the window of the capture; nobody is there, or nothing has changed. */
export interface FileNil {
  kind: "nil";
  mutation_id: Uuid;
  record_id: Uuid;
  area_id: Uuid;
  captured_at: Instant;
}
/** A person's decision between values that disagree, naming all it saw (SPEC M14); `removed` leaves a tombstone. */
export interface Resolve {
  kind: "resolve";
  mutation_id: Uuid;
  record_id: Uuid;
  area_id: Uuid;
  captured_at: Instant;
  seen_version: number;
  conflict_ids: Uuid[];
  changes: Groups;
  removed: boolean;
}
/** One request of a phone. The mutations are read one by one, later (SPEC M2). `ask` names mutations whose last outcome the phone wants to know again (SPEC M21), `check` asks for the digest of its records (SPEC M22). `unsent` is how many mutations wait behind these, `app` the version of the app; `wiped` tells that a revoked phone has handed in and deleted all (SPEC D2). */
export interface ExchangeRequest {
  protocol: number;
  now: Instant;
  mutations: unknown[];
  cursor: string;
  ask: Uuid[];
  check: boolean;
  unsent: number;
  app: Line;
  wiped: boolean;
}
export const OutcomeKind = ["applied", "merged", "conflicted", "replayed", "quarantined", "rejected", "retry"] as const;
export type OutcomeKind = (typeof OutcomeKind)[number];
/** What became of one mutation; `was` is the first outcome of a replayed one, `version` 0 where there is none. `reason` is what a person wrote who discarded it from quarantine (SPEC M21). */
export interface Outcome {
  mutation_id: Uuid;
  outcome: OutcomeKind;
  version: number;
  window: string;
  was: OutcomeKind | null;
  code: Code | null;
  reason?: Line;
}
/** The batch that holds the present version of a record. */
export interface BatchMark {
  window: string;
  part: number;
  hash: string;
}
export interface ReportChange {
  kind: "report";
  record_id: Uuid;
  area_id: Uuid;
  version: number;
  report: Report;
  removed: boolean;
  conflicts: number;
  window: string;
  captured_at: Instant;
  batch: BatchMark | null;
}
export interface NilChange {
  kind: "nil";
  record_id: Uuid;
  area_id: Uuid;
  version: number;
  window: string;
  captured_at: Instant;
  batch: BatchMark | null;
}
/** An RT that the officer reports for, and its neighbourhood's names. One that has `ended` has successors that the officer reports for; its records are still theirs (SPEC A3). */
export interface Area {
  area_id: Uuid;
  rt: string;
  rw: string;
  kelurahan: string;
  kecamatan: string;
  ended?: boolean;
}
export interface Close {
  name: string;
  at: string;
}
/** The day's windows, by their closes in local time (SPEC W1). */
export interface ScheduleView {
  timezone: string;
  closes: Close[];
  grace_minutes: number;
}
export const OfficerRole = ["rt_head", "rw_head"] as const;
export type OfficerRole = (typeof OfficerRole)[number];
/** Who the officer is, where and when they report. Sent when the phone holds another. */
export interface Scope {
  officer: Line;
  role: OfficerRole;
  areas: Area[];
  schedule: ScheduleView;
}
export const PhoneState = ["trusted", "revoked"] as const;
export type PhoneState = (typeof PhoneState)[number];
/** Whether the phone is trusted, and until when it may show what it holds without asking again (SPEC D1, D3). */
export interface Standing {
  state: PhoneState;
  lease_until: Instant;
}
/** `told` answers `ask`, `digest` answers `check`; `wait` is when to come again, in milliseconds, 0 when the phone may choose (SPEC M24). */
export interface ExchangeResponse {
  protocol: number;
  now: Instant;
  outcomes: Outcome[];
  changes: Change[];
  cursor: string;
  more: boolean;
  resync: boolean;
  scope?: Scope;
  told?: Outcome[];
  digest?: string;
  standing?: Standing;
  wait?: number;
}
/** The phone makes `device_id` and `secret` (256 random bits, base64url) itself (SPEC M19). */
export interface EnrolRequest {
  code: string;
  device_id: Uuid;
  secret: string;
  device_name: Line;
}
export interface Enrolled {
  now: Instant;
  scope: Scope;
}
export const Service = ["regular", "sunset", "integrated"] as const;
export type Service = (typeof Service)[number];
export const State = ["booked", "attended", "processing", "ready", "collected", "on_hold", "rejected", "cancelled", "expired"] as const;
export type State = (typeof State)[number];
/** What the counter does. `pay` changes no state (SPEC P2). */
export const Event = ["attend", "pay", "process", "finish", "collect", "hold", "resume", "reject", "cancel", "expire"] as const;
export type Event = (typeof Event)[number];
export const Locale = ["id", "en"] as const;
export type Locale = (typeof Locale)[number];
/** One line of the timeline: the state since `at`, with a reason the applicant can read. */
export interface Step {
  state: State;
  at: Instant;
  reason: string;
}
/** One application as its applicant sees it. */
export interface ApplicationView {
  application_id: Uuid;
  number: string;
  service: Service;
  state: State;
  visit_on: Day;
  paid: boolean;
  promised_on: Day;
  timeline: Step[];
  push_key: string;
  now: Instant;
}
/** A PushSubscription, its keys in base64url, and the language to be told in. */
export interface SubscriptionRequest {
  endpoint: Url;
  p256dh: string;
  auth: string;
  locale: Locale;
}
export interface UnsubscribeRequest {
  endpoint: Url;
}
/** One event at the counter, with the reason where there is one. */
export interface EventRequest {
  event: Event;
  reason: Line;
}
/** One application as the counter sees it. */
export interface CounterRow {
  application_id: Uuid;
  number: string;
  name: string;
  service: Service;
  state: State;
  visit_on: Day;
  paid: boolean;
  promised_on: Day;
  allowed: Event[];
}
export const ConsoleRole = ["lurah", "camat", "immigration", "admin"] as const;
export type ConsoleRole = (typeof ConsoleRole)[number];
/** application/problem+json, RFC 9457; `code` is stable. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
}
export interface SignInRequest {
  username: Line;
  password: string;
}
export interface ConsoleUser {
  user_id: Uuid;
  name: string;
  role: ConsoleRole;
  area: string;
}
export const WindowState = ["upcoming", "open", "grace", "due", "sealed"] as const;
export type WindowState = (typeof WindowState)[number];
/** One of today's windows: how many RTs of the user's area have reported in it. */
export interface WindowView {
  window: string;
  opens_at: Instant;
  closes_at: Instant;
  state: WindowState;
  areas: number;
  reported: number;
  nils: number;
}
export interface Today {
  now: Instant;
  timezone: string;
  windows: WindowView[];
}
export const DeliveryState = ["waiting", "sending", "accepted", "failed"] as const;
export type DeliveryState = (typeof DeliveryState)[number];
export interface DeliveryView {
  destination: string;
  transport: string;
  state: DeliveryState;
  attempts: number;
  last_at: Instant | null;
  last_error: string;
  accepted_at: Instant | null;
}
export interface BatchView {
  batch_id: Uuid;
  window: string;
  part: number;
  sealed_at: Instant;
  hash: string;
  previous: string;
  entries: number;
  deliveries: DeliveryView[];
}
/** Values that disagree: what the phone knew, what it wrote, and what the server holds now. */
export interface ConflictView {
  conflict_id: Uuid;
  record_id: Uuid;
  area: Area;
  opened_at: Instant;
  base: Groups;
  phone: Groups;
  server: Report;
  server_version: number;
  server_removed: boolean;
}
/** A revoked phone hands in what it has not sent and is then wiped (SPEC D1, D2). */
export const PhoneStanding = ["trusted", "revoked", "wiped"] as const;
export type PhoneStanding = (typeof PhoneStanding)[number];
/** One phone of an officer; `unsent` and `app` are what it said at the last contact, `seen_at`. */
export interface PhoneView {
  device_id: Uuid;
  name: string;
  enrolled_at: Instant;
  seen_at: Instant;
  unsent: number;
  app: string;
  standing: PhoneStanding;
  revoked_at: Instant | null;
}
/** An officer with the areas that are theirs, an RW without an RT, and all their phones. */
export interface OfficerPhones {
  officer_id: Uuid;
  officer: string;
  role: OfficerRole;
  areas: Area[];
  phones: PhoneView[];
}
/** A code that enrols one phone, once (SPEC M19), the link that holds it, and that as a QR code: a data: URI. */
export interface EnrolmentCode {
  code: string;
  link: string;
  qr: string;
  expires_at: Instant;
}
/** A mutation that waits for a decision (SPEC M21): why it was kept, and what can be read of it. `areas` are the RTs of the officer who wrote it, `area` the one that it names, where it is known. `payload` is its JSON where it is JSON, else its text. `follows` tells that an earlier one of the same record must be decided first. */
export interface QuarantineView {
  mutation_id: Uuid;
  digest: Sha256;
  code: Code;
  author: string;
  device: string;
  areas: Area[];
  area: Area | null;
  captured_at: Instant;
  received_at: Instant;
  payload: string;
  follows: boolean;
}
/** What a person decides of a quarantined mutation. */
export const Ruling = ["release", "discard"] as const;
export type Ruling = (typeof Ruling)[number];
/** A discarded mutation needs a reason, which its phone is told. */
export interface RulingRequest {
  decision: Ruling;
  reason: Line;
}
/** What two reports of one person have in common (SPEC T1). */
export const Evidence = ["document", "person"] as const;
export type Evidence = (typeof Evidence)[number];
/** One of two reports. `report` is missing where it lies outside of the user's area. */
export interface FindingSide {
  record_id: Uuid;
  area: Area;
  captured_at: Instant;
  report: Report | null;
}
/** Two reports that may be of one person (SPEC T2). */
export interface FindingView {
  sides: FindingSide[];
  evidence: Evidence[];
  found_at: Instant;
}
export const Verdict = ["same", "different"] as const;
export type Verdict = (typeof Verdict)[number];
export interface VerdictRequest {
  decision: Verdict;
  reason: Line;
}
export type Mutation = SaveReport | RemoveReport | FileNil | Resolve;
export type Change = ReportChange | NilChange;
