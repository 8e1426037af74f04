import App from "./App.svelte";
import { start } from "../shared/start";

start(App);
