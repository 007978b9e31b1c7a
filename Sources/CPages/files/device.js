// Lets a program on another device act for the person here: never without a click on this page.
import { call } from "./api.js";
import { frame, signInFirst } from "./frame.js";
import { $, fill, h } from "./ui.js";

const server = await frame();
const [root, form, code, problem] = [$("#content"), $("#code-form"), $("#code"), $("#problem")];
const given = new URLSearchParams(location.search).get("user_code") ?? "";

if (!server.user || server.user.is_visitor) {
    signInFirst(root, "A device is let in by who is signed in here.");
} else {
    form.hidden = false;
    $("#me").textContent = server.user.email;
    code.value = tidy(given);
    if (given) $("#prefilled").hidden = false;
    code.focus();
    code.addEventListener("input", () => (problem.hidden = true));
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        decide(event.submitter?.value !== "deny");
    });
}

/** As codes are written: capitals, in two groups. */
function tidy(text) {
    return text.trim().toUpperCase();
}

async function decide(approve) {
    const user_code = tidy(code.value);
    if (!user_code) return say("Type the code that the device shows.");
    for (const button of form.querySelectorAll("button")) button.disabled = true;
    try {
        await call("POST", "v1/auth/device/approve", { user_code, approve });
        fill(root, approve
            ? h("div.empty", { role: "status" }, h("h2", "The device is signed in"), h("p", `It acts as ${server.user.email}. You can close this page; its key is listed under your account.`), h("a.button", { href: "signin" }, "Your keys"))
            : h("div.empty", { role: "status" }, h("h2", "The device was turned away"), h("p", "It gets no key. You can close this page.")));
        root.focus();
    } catch (error) {
        say(error.status === 404 || error.status === 400 ? "No device waits with this code. Look at the device again: codes run out after a while." : error.message);
    } finally {
        for (const button of form.querySelectorAll("button")) button.disabled = false;
    }
}

function say(text) {
    problem.textContent = text;
    problem.hidden = false;
    code.setAttribute("aria-invalid", "true");
    code.focus();
}
