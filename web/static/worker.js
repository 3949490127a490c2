// What the application does without a page open: it shows notifications, and one page where there
// is no network. Of the pages of a person nothing is kept.
"use strict";

const CACHE = "tocsin-1";
const OFFLINE = "/offline";
const STYLE = ["/static/tocsin.css", "/static/bell.svg"]; // what that page needs
const DAY = 24 * 60 * 60 * 1000;

self.addEventListener("install", (event) => {
  event.waitUntil(keep("").then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(begin().then(() => self.clients.claim()));
});

async function begin() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
  // a page need not wait until this worker has started
  await self.registration.navigationPreload?.enable();
}

// a page says in which language it is read
self.addEventListener("message", (event) => {
  const language = /^[a-z]{2}$/.test(event.data?.language) ? event.data.language : "";
  if (language) event.waitUntil(renew(language).catch(() => undefined));
});

async function renew(language) {
  const kept = await offline();
  const since = Date.now() - Date.parse(kept?.headers.get("Date") ?? "");
  if (!kept?.url.endsWith(`lang=${language}`) || !(since < DAY)) await keep(language);
}

async function keep(language) {
  const cache = await caches.open(CACHE);
  // as whoever is not signed in has it
  const asked = [`${OFFLINE}?lang=${language}`, ...STYLE].map(
    (path) => new Request(path, { credentials: "omit", cache: "reload" }),
  );
  const answers = await Promise.all(asked.map((request) => fetch(request)));
  if (!answers.every((answer) => answer.ok)) throw new Error("not to be kept");
  for (const request of await cache.keys()) await cache.delete(request);
  await Promise.all(answers.map((answer, n) => cache.put(asked[n], answer)));
}

async function offline() {
  return (await caches.open(CACHE)).match(OFFLINE, { ignoreSearch: true });
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode === "navigate") {
    event.respondWith(page(event).catch(async (error) => (await offline()) ?? Promise.reject(error)));
  } else if (STYLE.includes(new URL(request.url).pathname)) {
    event.respondWith(
      fetch(request).catch(async (error) => (await caches.match(request)) ?? Promise.reject(error)),
    );
  }
});

async function page(event) {
  const { request } = event;
  if (request.cache === "only-if-cached") return anew(request.url);
  return (await event.preloadResponse) ?? fetch(request);
}

// Back to what a form answered: of that nothing is kept, which is no lost network. The page of
// the form is asked for; where a form has none at its own address, home.
async function anew(address) {
  const answer = await fetch(address, { redirect: "manual" });
  return answer.ok || answer.type === "opaqueredirect" ? answer : Response.redirect("/home", 303);
}

self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));

// (Asking what is shown already would not do: Chromium then forgets what is about to be.)
function show(told) {
  return self.registration.showNotification(told.title, {
    body: told.body,
    tag: told.tag,
    lang: told.language,
    timestamp: Date.parse(told.at) || Date.now(),
    icon: "/static/icons/icon-192.png",
    badge: "/static/icons/badge-96.png",
    data: { path: told.path },
    renotify: !told.again, // what is sent again, in doubt, takes its own place in silence
    vibrate: [300, 150, 300],
  });
}

// a browser wants something shown for whatever came
function read(data) {
  const bare = { title: self.location.hostname, body: "", tag: "bare", path: "/home", language: "" };
  try {
    return { ...bare, ...data.json() };
  } catch {
    return bare;
  }
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.path ?? "/home"));
});

async function open(path) {
  const wanted = new URL(path, self.location.origin);
  const address = wanted.origin === self.location.origin ? wanted.href : "/home";
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const already = pages.find((one) => one.url === address);
  return already ? already.focus() : self.clients.openWindow(address);
}

// a browser changes now and then what it gave: what it gave before proves that it is the same one
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(move(event)));

async function move(event) {
  const old = event.oldSubscription;
  if (!old) return;
  const fresh =
    event.newSubscription ?? (await self.registration.pushManager.subscribe(old.options));
  await fetch("/notifications/moved", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ old, new: fresh }),
  });
}
