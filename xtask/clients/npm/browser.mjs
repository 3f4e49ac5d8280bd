// A browser without a screen: `browser.mjs URL`. It keeps cookies in $BROWSER_JAR from one page to the next and from one
// run to the next, follows redirects, fills the forms of the authorization server with $LOGIN_USER and $LOGIN_PASSWORD
// as its pages offer them, says yes, and ends at the page that the client shows.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const { BROWSER_JAR: jar, LOGIN_USER: user, LOGIN_PASSWORD: password } = process.env;
const cookies = existsSync(jar) ? JSON.parse(readFileSync(jar)) : {};

function keep(host, lines) {
  const ours = (cookies[host] ??= {});
  for (const line of lines) {
    const [pair, ...attributes] = line.split(";").map((part) => part.trim());
    const [name, ...value] = pair.split("=");
    ours[name] = value.join("=");
    if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) delete ours[name];
  }
  writeFileSync(jar, JSON.stringify(cookies));
}

/// A person is slower than a client that opens its listener after the browser.
async function get(url, init, patience = 50) {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (patience === 0) throw error;
    await sleep(100);
    return get(url, init, patience - 1);
  }
}

async function visit(url, init = {}) {
  const { hostname } = url; // cookies know no ports
  const sent = Object.entries(cookies[hostname] ?? {}).map((pair) => pair.join("="));
  const headers = { accept: "text/html,application/xhtml+xml,*/*;q=0.8", ...init.headers };
  if (sent.length) headers.cookie = sent.join("; ");
  const response = await get(url, { ...init, headers, redirect: "manual" });
  keep(hostname, response.headers.getSetCookie());
  console.error(init.method ?? "GET", url.origin + url.pathname, response.status);
  const location = response.headers.get("location");
  if (location && response.status >= 300 && response.status < 400) {
    await response.arrayBuffer();
    return visit(new URL(location, url));
  }
  return { url, status: response.status, html: await response.text() };
}

const unescape = (text) =>
  text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[name]);

const attributes = (tag) =>
  Object.fromEntries([...tag.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map(([, name, value]) => [name, unescape(value ?? "")]));

/// What a person would send with the form of a page, if it has one.
function filled(html) {
  const [, start, inside] = html.match(/<form ([^>]*)>([\s\S]*?)<\/form>/) ?? [];
  if (inside === undefined) return undefined;
  const fields = new URLSearchParams();
  for (const [, tag] of inside.matchAll(/<input ([^>]*)>/g)) {
    const { name, type, value } = attributes(tag);
    fields.set(name, type === "hidden" ? value : type === "password" ? password : user);
  }
  // The last button is the one that goes on.
  const buttons = [...inside.matchAll(/<button ([^>]*)>/g)].map(([, tag]) => attributes(tag));
  const { name, value } = buttons.at(-1);
  if (name) fields.set(name, value);
  return { ...attributes(start), fields };
}

let page = await visit(new URL(process.argv[2]));
for (let form; page.status === 200 && (form = filled(page.html)); ) {
  const headers = { origin: page.url.origin, "sec-fetch-site": "same-origin" };
  page = await visit(new URL(form.action, page.url), { method: form.method.toUpperCase(), headers, body: form.fields });
}
if (page.status !== 200) {
  console.error(page.html.match(/<title>(.*?)<\/title>/)?.[1] ?? "a page without a title");
  process.exit(1);
}
