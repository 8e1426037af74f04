// How each app begins: styles, its root component, its service worker.
import { mount, type Component } from "svelte";
import "./tokens.css";
import "./base.css";
import { updates } from "./updates.svelte";

export function start(app: Component, scope?: string): void {
  mount(app, { target: document.getElementById("app")! });
  if (scope) void updates.register(scope);
}
