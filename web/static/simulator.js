// The page of handsets, live: asks the feed what is new, lights the telephones that
// something reached, and keeps the open one up to date. The page works without it.

import { count } from "./segments.js";

const EVERY_MS = 400;
const PATIENCE_MS = 3000;
const LIT_MS = 6000;
const body = document.body;
const side = document.querySelector("[data-side]");
const quarter = document.querySelector("[data-quarter]");
const narrow = matchMedia("(max-width: 63.99rem)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const seen = new Set();
let cursor = body.dataset.cursor;
let first = true;
let alertRef = null;
let opener = null;

const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
const language = document.documentElement.lang;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// --- the feed

let asking = null;

function poll() {
  asking ??= ask().finally(() => { asking = null; });
  return asking;
}

async function ask() {
  const answer = await fetch(`${body.dataset.feed}?after=${cursor}&lang=${language}`);
  if (!answer.ok) throw new Error(`feed: ${answer.status}`);
  const news = await answer.json();
  cursor = news.cursor;
  const fresh = news.events.filter((event) => !seen.has(event.id));
  fresh.forEach((event) => seen.add(event.id));
  // The feed looks a little behind for letters: the first answer holds old ones.
  fresh.filter((event) => !(first && event.channel === "email")).forEach(arrive);
  first = false;
  if (news.alert) tell(news.alert);
  if (fresh.some((event) => holds(openPerson(), event.address))) await refresh();
}

async function forever() {
  for (;;) {
    const began = Date.now();
    try {
      if (!document.hidden) await poll();
      lost("");
    } catch {
      lost(body.dataset.lost);
      await wait(PATIENCE_MS);
    }
    await wait(Math.max(EVERY_MS - (Date.now() - began), 100));
  }
}

function lost(words) {
  const line = $("[data-lost-line]");
  if (line.textContent !== words) line.textContent = words;
}

// --- the wall

const holds = (element, address) => element.dataset.addresses.split(" ").includes(address);

function arrive(event) {
  if (event.direction !== "in") return;
  for (const person of $$(".person").filter((one) => holds(one, event.address))) {
    if (event.channel === "sms") $("[data-screen]", person).textContent = event.text;
    person.classList.remove("lit-sms", "lit-email", "lit-voice");
    void person.offsetWidth; // restarts the animation
    person.classList.add(`lit-${event.channel}`);
    setTimeout(() => person.classList.remove(`lit-${event.channel}`), LIT_MS);
  }
}

function tell(alert) {
  put($("[data-headline]"), alert.headline);
  put($("[data-details]"), alert.details.join(" · "));
  $("[data-result]").dataset.state = alert.waiting ? "ringing" : "told";
  for (const person of $$(".person")) {
    const fate = alert.fates[person.dataset.id];
    person.dataset.fate = fate ? fate.kind : "";
    person.dataset.channels = fate ? fate.channels.join(" ") : "";
    put($("[data-label]", person), fate ? fate.label : "");
  }
  if (alertRef !== null && alertRef !== alert.ref) ring();
  alertRef = alert.ref;
}

// A live region speaks only when its words change.
function put(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function ring() {
  body.classList.add("ringing");
  setTimeout(() => body.classList.remove("ringing"), LIT_MS);
}

// --- the open telephone

const openPerson = () => $(".detail", side);

async function fetchPerson(id) {
  const view = $(".groups").dataset.view;
  const answer = await fetch(`${body.dataset.people}${id}?lang=${language}&view=${view}`);
  if (!answer.ok) throw new Error(`person: ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return document.adoptNode($(".detail", page));
}

async function refresh() {
  const shown = openPerson();
  const fetched = await fetchPerson(shown.dataset.id);
  if (shown !== openPerson()) return;
  for (const list of $$("[data-live]", shown)) {
    replace(list, $(`[data-live="${list.dataset.live}"]`, fetched));
  }
  offerSpeech();
  scrollDown();
}

// What is already there stays, so that an open letter stays open and only news moves.
function replace(list, fetched) {
  const old = new Map($$("[data-key]", list).map((item) => [item.dataset.key, item]));
  for (const item of $$("[data-key]", fetched)) {
    const kept = old.get(item.dataset.key);
    if (kept) item.replaceWith(kept);
    else item.classList.add("new");
  }
  list.replaceChildren(...fetched.children);
}

function scrollDown() {
  const screen = $("[data-scroll]", side);
  if (screen) screen.scrollTo({ top: screen.scrollHeight, behavior: calm.matches ? "auto" : "smooth" });
}

async function open(link) {
  const id = new URL(link.href).searchParams.get("who");
  const detail = await fetchPerson(id);
  side.replaceChildren(detail);
  for (const person of $$(".person")) {
    if (person.dataset.id === id) person.setAttribute("aria-current", "true");
    else person.removeAttribute("aria-current");
  }
  remember({ who: id });
  opener = link;
  raise(); // what is hidden cannot be scrolled
  settle();
  if (link.matches("[data-open]")) invite();
}

// "Pick up the phone": the village scrolls out of the way, and one can write.
function invite() {
  const top = $("[data-result]").getBoundingClientRect().top + scrollY;
  if (!narrow.matches) scrollTo({ top, behavior: calm.matches ? "auto" : "smooth" });
  $("[data-text]", side)?.focus({ preventScroll: true });
}

function raise() {
  if (narrow.matches) {
    body.classList.add("sheet");
    outside().forEach((element) => { element.inert = true; });
  }
  openPerson().focus({ preventScroll: !narrow.matches });
  side.scrollTop = 0;
}

function lower() {
  if (!body.classList.contains("sheet")) return;
  body.classList.remove("sheet");
  outside().forEach((element) => { element.inert = false; });
  opener?.focus();
}

const outside = () => [$(".masthead"), quarter, $(".foot"), $(".skip")];

function settle() {
  offerSpeech();
  recount();
  const screen = $("[data-scroll]", side);
  if (screen) screen.scrollTop = screen.scrollHeight;
}

function remember(change) {
  const here = new URL(location.href);
  Object.entries(change).forEach(([key, value]) => here.searchParams.set(key, value));
  here.hash = "";
  history.replaceState(null, "", here);
}

// --- writing

function recount() {
  const text = $("[data-text]", side);
  if (!text) return;
  const line = $("[data-count]", side);
  const { segments, left, wide } = count(text.value);
  const words = segments === 1 ? line.dataset.one : line.dataset.many;
  line.textContent =
    words.replace("{left}", left).replace("{segments}", segments) + (wide ? line.dataset.wide : "");
  line.dataset.segments = segments;
}

async function send(form) {
  const text = $("[data-text]", form);
  const error = $("[data-error]", form);
  const button = $("button", form);
  error.textContent = "";
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: text.value }),
    });
    if (!answer.ok) throw new Error(`text: ${answer.status}`);
    text.value = "";
    recount();
    await poll();
  } catch {
    error.textContent = error.dataset.words;
  } finally {
    button.disabled = false;
    text.focus({ preventScroll: true });
    side.scrollTo({ top: 0, behavior: calm.matches ? "auto" : "smooth" });
  }
}

// --- what people do

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.person, a[data-open]");
  const view = event.target.closest("[data-view-link]");
  const chip = event.target.closest(".chip");
  if (event.target.closest("[data-close]")) lower();
  if (event.target.closest("[data-see]")) see();
  const call = event.target.closest("[data-speak]")?.closest(".call");
  if (call) {
    const said = $("[data-said]", call);
    speak(said.textContent, said.lang);
  }
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link) {
    event.preventDefault();
    open(link).catch(() => location.assign(link.href));
  } else if (view) {
    event.preventDefault();
    show(view.dataset.viewLink);
  } else if (chip) {
    event.preventDefault();
    const text = $("[data-text]", side);
    text.value = chip.value;
    recount();
    text.focus();
  }
});

// From an open telephone to the wall, to see who was told.
function see() {
  lower();
  show("wall");
  $(".views").scrollIntoView();
}

function show(view) {
  $(".groups").dataset.view = view;
  for (const link of $$("[data-view-link]")) {
    if (link.dataset.viewLink === view) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  remember({ view });
}

document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-keys]")) {
    event.preventDefault();
    press(event.target, event.submitter);
  }
  if (!event.target.matches("[data-compose]")) return;
  event.preventDefault();
  send(event.target);
});

// A key of an old telephone, or whether somebody takes its calls.
async function press(form, button) {
  const error = $("[data-error]", side);
  error.textContent = "";
  const told = { [button.name]: button.name === "answers" ? button.value === "yes" : button.value };
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(told),
    });
    if (!answer.ok) throw new Error(`key: ${answer.status}`);
    const { said, language: tongue } = await answer.json();
    await refresh();
    if (said) speak(said, tongue);
  } catch {
    error.textContent = error.dataset.words;
  }
}

// The machine reads it aloud, a line after the other, as the telephone does.
function speak(text, tongue) {
  if (!("speechSynthesis" in window)) return;
  speechSynthesis.cancel();
  for (const line of text.split("\n")) {
    const words = new SpeechSynthesisUtterance(line);
    words.lang = tongue === "en" ? "en-GB" : "fr-FR";
    speechSynthesis.speak(words);
  }
}

function offerSpeech() {
  if (!("speechSynthesis" in window)) return;
  for (const button of $$("[data-speak]", side)) button.hidden = false;
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-text]")) recount();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") lower();
  if (event.key === "Enter" && !event.shiftKey && event.target.matches("[data-text]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
});

narrow.addEventListener("change", lower);
body.classList.add("live");
if (side.dataset.chosen !== undefined && narrow.matches) raise();
settle();
forever();
