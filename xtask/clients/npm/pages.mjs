// The pages that people see, in Chromium: `pages.mjs ORIGIN FOLDER`. Each page is looked at by axe-core, light, dark and on
// a phone, and kept as pictures in the folder; each way through the pages ends where it should. One line a check, and one
// for each that fails.
import { strict as assert } from "node:assert";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { say } from "./steps.mjs";

const [origin, folder] = process.argv.slice(2);
const { LOGIN_USER: user, LOGIN_PASSWORD: password, TLS_CERTIFICATE: cert, TLS_KEY: key } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WEB = "app.example"; // a host of https, which the browser finds at our listener

/// What came to a client's redirect URI.
const arrived = [];
const listen = (server) =>
  new Promise((resolve) => {
    server.on("request", (request, response) => {
      const url = new URL(request.url, "http://client");
      if (url.pathname === "/callback") arrived.push(url.searchParams);
      response.setHeader("content-type", "text/html").end("<!DOCTYPE html><title>Client</title><h1>You may close this page</h1>");
    });
    server.listen(0, "127.0.0.1", () => resolve(server.address().port));
  });
const port = await listen(http.createServer());
const tls = await listen(https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }));
const LOOPBACK = `http://127.0.0.1:${port}/callback`;

const launch = (...more) =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", `--host-resolver-rules=MAP ${WEB}:443 127.0.0.1:${tls}`, ...more,
    ],
  });
const chromiumItself = await launch();
/// Without what only Chromium has: it sends the second of two forms that are sent at once, as other browsers do.
const asOthers = await launch("--disable-features=IgnoreDuplicateNavs");

/// A browser that nobody is logged in with; what its console complains of is a fault.
const complaints = [];
async function fresh(options = {}, browser = chromiumItself) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  page.on("console", (message) => {
    const expected = /the server responded with a status of 4\d\d/; // the page says it better
    if (message.type() === "error" && !expected.test(message.text())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
  return page;
}

async function register(name, ...redirectUris) {
  const metadata = { client_name: name, redirect_uris: redirectUris, token_endpoint_auth_method: "none" };
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${origin}/dcr`, { method: "POST", headers, body: JSON.stringify(metadata) });
  assert.equal(response.status, 201, await response.clone().text());
  return (await response.json()).client_id;
}

/// A client's request, and how it redeems the code.
function request(client, redirectUri, more = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const state = `s ${randomBytes(8).toString("hex")}`;
  const url = new URL("/oauth/authorize", origin);
  url.search = new URLSearchParams({
    client_id: client, redirect_uri: redirectUri, response_type: "code", state, resource: `${origin}/mcp`,
    scope: "openid offline_access prometheus-mcp-server/read prometheus-mcp-server/write",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256", ...more,
  });
  const redeem = async (code) => {
    const body = new URLSearchParams({
      grant_type: "authorization_code", client_id: client, redirect_uri: redirectUri, code, code_verifier: verifier,
    });
    const response = await fetch(`${origin}/oauth/token`, { method: "POST", body });
    assert.equal(response.status, 200, await response.clone().text());
  };
  return { url: url.href, state, redeem };
}

async function logIn(page, word = password) {
  await page.getByLabel("Name").fill(user);
  await page.getByLabel("Password").fill(word);
  await page.getByRole("button", { name: "Log in" }).click();
}

/// To the consent page of a request.
async function toConsent(page, url) {
  await page.goto(url);
  await logIn(page);
  await page.waitForURL("**/oauth/consent");
}

const allow = (page) => page.getByRole("button", { name: "Allow" });

/// The one answer that came since `before`, with the code or the error that it should have.
function only(before, { state }) {
  assert.equal(arrived.length - before, 1, `${arrived.length - before} answers came`);
  const answer = arrived.at(-1);
  assert.equal(answer.get("state"), state);
  assert.equal(answer.get("iss"), origin);
  return answer;
}

/// Looks at a page as it is now: all of it, in both colours and on a phone.
async function look(page, name) {
  const looks = [
    ["light", { colorScheme: "light" }, { width: 1280, height: 800 }],
    ["dark", { colorScheme: "dark" }, { width: 1280, height: 800 }],
    ["phone", { colorScheme: "light" }, { width: 390, height: 844 }],
    ["phone-dark", { colorScheme: "dark" }, { width: 320, height: 640 }],
  ];
  for (const [look, media, size] of looks) {
    await page.emulateMedia(media);
    await page.setViewportSize(size);
    await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
    await check(`${name}, ${look}: axe-core finds nothing serious`, async () => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => axe.run());
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), []);
    });
    await check(`${name}, ${look}: nothing is wider than the screen`, async () => {
      const [wide, high] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= high, `${wide} > ${high}`);
    });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1280, height: 800 });
}

let failed = false;
async function check(name, done) {
  try {
    await done();
    say("check", { name });
  } catch (error) {
    failed = true;
    say("error", { error: `${name}: ${error?.message ?? error}` });
  }
}

const editor = await register("Example Editor", LOOPBACK);
const odd = await register(
  `\u202eevil\u202c <b>Übergröße</b> ${"Donaudampfschifffahrtsgesellschaft".repeat(3)} 編集`,
  `https://${"long-name.".repeat(12)}${WEB}/callback`,
);
const web = await register("Example on the Web", `https://${WEB}/callback`);
const app = await register("Cursor", "cursor://anysphere.cursor-mcp/oauth/callback");

await check("a wrong password, then the right one", async () => {
  const page = await fresh();
  await page.goto(request(editor, LOOPBACK).url);
  await look(page, "login");
  await logIn(page, "wrong");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("Name").inputValue(), user);
  assert.equal(await page.evaluate(() => document.activeElement.id), "password");
  await look(page, "login-wrong");
  await logIn(page);
  await page.waitForURL("**/oauth/consent");
  assert.match(await page.locator("main").innerText(), /Example Editor[^]*127\.0\.0\.1:\d+/);
  await look(page, "consent");
  await page.context().close();
});

await check("a long and odd name, a long host", async () => {
  const page = await fresh();
  await toConsent(page, request(odd, `https://${"long-name.".repeat(12)}${WEB}/callback`).url);
  const text = await page.locator("main").innerText();
  assert.ok(text.includes("<b>Übergröße</b>") && !text.includes("\u202e") && text.includes(`long-name.${WEB}`), text);
  await look(page, "consent-odd");
  await page.context().close();
});

await check("an app that has claimed a scheme", async () => {
  const page = await fresh();
  await toConsent(page, request(app, "cursor://anysphere.cursor-mcp/oauth/callback").url);
  await look(page, "consent-app");
  await page.context().close();
});

for (const [name, client, redirectUri] of [
  ["a program on this machine", editor, LOOPBACK],
  ["a page of another site, over https", web, `https://${WEB}/callback`],
]) {
  await check(`allowed: the code comes to ${name}, and is good`, async () => {
    const [page, before, asked] = [await fresh(), arrived.length, request(client, redirectUri)];
    await toConsent(page, asked.url);
    if (client === web) await look(page, "consent-web");
    await allow(page).click();
    await page.waitForURL(`${redirectUri}?**`);
    await asked.redeem(only(before, asked).get("code"));
    await page.context().close();
  });
  await check(`denied: ${name} is told`, async () => {
    const [page, before, asked] = [await fresh(), arrived.length, request(client, redirectUri)];
    await toConsent(page, asked.url);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.waitForURL(`${redirectUri}?**`);
    assert.equal(only(before, asked).get("error"), "access_denied");
    await page.context().close();
  });
}

await check("the way back, after the answer, allows nothing", async () => {
  const [page, before, asked] = [await fresh(), arrived.length, request(editor, LOOPBACK)];
  await toConsent(page, asked.url);
  await allow(page).click();
  await page.waitForURL(`${LOOPBACK}?**`);
  await page.goBack();
  await page.waitForURL("**/oauth/consent");
  assert.equal(await page.locator("form").count(), 0, "the question is asked again");
  await look(page, "answered");
  await page.goForward();
  await asked.redeem(arrived[before].get("code"));
  await page.context().close();
});

for (const [who, browser] of [["Chromium", chromiumItself], ["other browsers", asOthers]]) {
  for (const delay of [0, 100, 400]) {
    await check(`two clicks ${delay} ms apart in ${who}, while the server is slow: one code, and it is good`, async () => {
      const [page, before, asked] = [await fresh({}, browser), arrived.length, request(editor, LOOPBACK)];
      await toConsent(page, asked.url);
      await page.route("**/oauth/consent", async (route) => {
        await sleep(800); // a cold start
        await route.continue().catch(() => {});
      });
      const { x, y, width, height } = await allow(page).boundingBox();
      await page.mouse.click(x + width / 2, y + height / 2);
      await sleep(delay);
      await page.mouse.click(x + width / 2, y + height / 2);
      await page.waitForURL(`${LOOPBACK}?**`);
      await asked.redeem(only(before, asked).get("code"));
      await page.context().close();
    });
  }
}

await check("without JavaScript", async () => {
  const [page, before, asked] = [await fresh({ javaScriptEnabled: false }), arrived.length, request(editor, LOOPBACK)];
  await page.goto(asked.url);
  await logIn(page, "wrong");
  await page.getByRole("alert").waitFor();
  await logIn(page);
  await page.waitForURL("**/oauth/consent");
  await allow(page).click();
  await page.waitForURL(`${LOOPBACK}?**`);
  await asked.redeem(only(before, asked).get("code"));
  await page.context().close();
});

await check("with the keyboard alone, and the focus can be seen", async () => {
  const [page, before, asked] = [await fresh(), arrived.length, request(editor, LOOPBACK)];
  const { keyboard } = page;
  await page.goto(asked.url);
  // It has the focus from the beginning, which is a moment after the page is there.
  await page.waitForFunction(() => document.activeElement?.tagName === "INPUT");
  await keyboard.type(user);
  await keyboard.press("Tab");
  await keyboard.type(password);
  await keyboard.press("Enter");
  await page.waitForURL("**/oauth/consent");
  const focused = () =>
    page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return [document.activeElement.textContent, outlineStyle, parseFloat(outlineWidth)];
    });
  for (const name of ["Cancel", "Allow"]) {
    await keyboard.press("Tab");
    const [text, style, width] = await focused();
    assert.equal(text, name);
    assert.ok(style === "solid" && width >= 2, `${style} ${width}`);
  }
  await page.screenshot({ path: join(folder, "consent-focus.png"), fullPage: true });
  await keyboard.press("Enter");
  await page.waitForURL(`${LOOPBACK}?**`);
  await asked.redeem(only(before, asked).get("code"));
  await page.context().close();
});

await check("an application that is not known, and an address that is not its own: a page, and nobody is sent anywhere", async () => {
  const [page, before] = [await fresh(), arrived.length];
  for (const [name, { url }] of [
    ["unknown", request("c_nobody", LOOPBACK)],
    ["address", request(editor, "https://elsewhere.example/callback")],
  ]) {
    const response = await page.goto(url);
    assert.equal(response.status(), 400);
    assert.equal(new URL(page.url()).origin, origin);
    await look(page, `error-${name}`);
  }
  assert.equal(arrived.length, before);
  await page.context().close();
});

await check("who is logged in is asked all the same, and logs in no second time", async () => {
  const page = await fresh();
  await toConsent(page, request(editor, LOOPBACK).url);
  const asked = request(web, `https://${WEB}/callback`);
  await page.goto(asked.url);
  await page.waitForURL("**/oauth/consent");
  assert.match(await page.locator("main").innerText(), /Example on the Web/);
  await page.context().close();
});

await check("the browser's console complains of nothing", () => assert.deepEqual(complaints, []));
await Promise.all([chromiumItself.close(), asOthers.close()]);
process.exit(failed ? 1 : 0);
