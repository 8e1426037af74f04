// The name by which page and service worker agree on a Background Sync.
export const SYNC_TAG = "exchange";
