// The one application that this browser follows, in IndexedDB, where page and service worker both find it.
// The token is the applicant's only key: it is kept here and goes nowhere but into the Authorization header.
import type { ApplicationView, Instant, Locale } from "../shared/protocol";

export interface Kept {
  token: string;
  /** The last answer of the server, null before the first. */
  view: ApplicationView | null;
  /** When the server gave it, by the server's clock. */
  asOf: Instant;
  /** The endpoint that the server was given for this application, empty where notifications are off. */
  endpoint: string;
  locale: Locale;
}

const STORE = "application";
const KEY = "kept";

export function read(): Promise<Kept | undefined> {
  return inStore("readonly", (store) => store.get(KEY));
}

export function write(kept: Kept): Promise<unknown> {
  return inStore("readwrite", (store) => store.put(kept, KEY));
}

export function forget(): Promise<unknown> {
  return inStore("readwrite", (store) => store.delete(KEY));
}

async function inStore<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open();
  try {
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    await new Promise<void>((done, failed) => {
      transaction.oncomplete = () => done();
      transaction.onabort = () => failed(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open("ronda-paspor", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}
