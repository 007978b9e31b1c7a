// Lets a program on another device act for the person here: never without a click on this page.
import { call } from "./api.js";
import { frame, signInFirst } from "./frame.js";
import { $, fill, h, time } from "./ui.js";

const server = await frame();
const [root, form, code, problem] = [$("#content"), $("#code-form"), $("#code"), $("#problem")];
const given = new URLSearchParams(location.search).get("user_code") ?? "";

if (!server.user || server.user.is_visitor) {
    signInFirst(root, "A device is let in by who is signed in here.");
} else {
    form.hidden = false;
    code.value = given.trim().toUpperCase();
    code.focus();
    code.addEventListener("input", quiet);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        busy(look);
    });
    // The link of a device brings its code: that shows who asks, and decides nothing.
    if (given) busy(look);
}

async function busy(body) {
    const buttons = root.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    try {
        await body();
    } catch (error) {
        say(error.status === 404 || error.status === 400 ? "No device waits with this code. Look at the device again: codes run out after a while." : error.message);
    } finally {
        for (const button of buttons) button.disabled = false;
    }
}

/** Shows which device waits under the code. */
async function look() {
    const user_code = code.value.trim().toUpperCase();
    if (!user_code) return say("Type the code that the device shows.");
    const device = await call("GET", `v1/auth/device?user_code=${encodeURIComponent(user_code)}`);
    if (device.status !== "pending") return say("This code was used already. Let the device show a new one.");
    const approve = h("button.primary.grow", { type: "button", onclick: () => busy(() => decide(device, true)) }, "Approve");
    fill(root,
        h("h1", "Let a device in"),
        h("section.card.stack", { "aria-label": "The device that asks" },
            h("p", h("strong", device.client), " asks to act as ", h("strong", server.user.email), ". It will be able to make pictures on your account and see them."),
            h("p.code", device.user_code),
            h("dl.facts", h("dt", "Asked from"), h("dd", device.address), h("dt", "Asked"), h("dd", time(device.created))),
            h("p.notice.warn.small", "Approve only if your own device shows this code, and you have just asked it to sign in."),
            problem,
            h("div.row", approve, h("button.grow", { type: "button", onclick: () => busy(() => decide(device, false)) }, "Deny"))));
    quiet();
    root.focus();
}

async function decide(device, isApproved) {
    await call("POST", "v1/auth/device/approve", { user_code: device.user_code, approve: isApproved });
    fill(root, isApproved
        ? h("div.empty", { role: "status" }, h("h1", "The device is signed in"), h("p", `It acts as ${server.user.email}. You can close this page; the device's key is listed under your account.`), h("a.button", { href: "signin" }, "Your keys"))
        : h("div.empty", { role: "status" }, h("h1", "The device was turned away"), h("p", "It gets no key. You can close this page.")));
    root.focus();
}

function quiet() {
    problem.hidden = true;
    code.removeAttribute("aria-invalid");
}

function say(text) {
    problem.textContent = text;
    problem.hidden = false;
    if (!code.isConnected) return;
    code.setAttribute("aria-invalid", "true");
    code.focus();
}
