// Signing in and up, and for who is signed in: password, keys, signing out.
import { call } from "./api.js";
import { frame } from "./frame.js";
import { $, busy, fill, h, time, toast } from "./ui.js";

const server = await frame();
const names = { github: "GitHub", google: "Google", apple: "Apple" };
/** Pages of ours only: an address that somebody else wrote must not lead away. */
const wish = new URLSearchParams(location.search).get("next") ?? "";
const next = /^[a-z]*(\?[^#]*)?$/.test(wish) && wish ? wish : "./";

if (server.user && !server.user.is_visitor) {
    $("#account").hidden = false;
    await account();
} else {
    $("#strangers").hidden = false;
    strangers();
}

function strangers() {
    const ways = $("#ways");
    fill(ways, server.sign_in_with.map((name) => h("a.button", { href: `v1/auth/${name}` }, `Continue with ${names[name]}`)));
    $("#other-ways").hidden = !server.sign_in_with.length;
    if (server.user) $("#visitor").hidden = false;
    let isNew = new URLSearchParams(location.search).has("new");
    const [form, problem, title, submit, swap, password] = [$("#credentials"), $("#problem"), $("#title"), $("#enter"), $("#swap"), $("#password")];
    const show = () => {
        title.textContent = isNew ? "Make an account" : "Sign in";
        document.title = `${title.textContent} · Orchestrator`;
        submit.textContent = isNew ? "Make an account" : "Sign in";
        swap.textContent = isNew ? "I have an account" : "Make an account";
        password.autocomplete = isNew ? "new-password" : "current-password";
        $("#password-hint").hidden = !isNew;
        problem.hidden = true;
    };
    show();
    swap.addEventListener("click", () => {
        isNew = !isNew;
        show();
        $("#email").focus();
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        const fields = { email: form.elements.email.value.trim(), password: password.value };
        for (const name of ["email", "password"]) form.elements[name].toggleAttribute("aria-invalid", false);
        const missing = !fields.email ? "email" : !fields.password ? "password" : null;
        if (missing) {
            problem.textContent = missing === "email" ? "Type your e-mail address." : "Type your password.";
            problem.hidden = false;
            form.elements[missing].setAttribute("aria-invalid", "true");
            form.elements[missing].focus();
            return;
        }
        busy(submit, async () => {
            await call("POST", isNew ? "v1/auth/signup" : "v1/auth/login", fields);
            location.assign(next);
        }, problem).then(() => problem.hidden || password.focus());
    });
    $("#key-form").addEventListener("submit", (event) => {
        event.preventDefault();
        const key = $("#key").value.trim();
        busy($("#key-enter"), async () => {
            if (!key) throw new Error("Paste a key first.");
            await call("POST", "v1/auth/session", {}, { Authorization: `Bearer ${key}` });
            location.assign(next);
        }, $("#key-problem"));
    });
}

async function account() {
    $("#me").textContent = server.user.email;
    $("#leave").addEventListener("click", (event) => busy(event.currentTarget, async () => {
        await call("POST", "v1/auth/logout", {});
        location.assign("signin");
    }));
    const form = $("#password-form");
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        busy($("#change"), async () => {
            await call("POST", "v1/auth/password", { current_password: form.elements.current.value, new_password: form.elements.new.value });
            form.reset();
            toast("Your password is changed, and other browsers are signed out.");
        }, $("#password-problem"));
    });
    $("#new-key").addEventListener("submit", (event) => {
        event.preventDefault();
        busy($("#make"), async () => {
            const made = await call("POST", "v1/keys", { name: $("#key-name").value.trim() || "key" });
            $("#key-name").value = "";
            fill($("#made"), h("div.notice.good.stack.tight", { role: "status" }, h("p", "This key is shown once. Copy it now."), h("div.row", h("code.grow", { id: "shown-key" }, made.key),
                h("button.tiny", { type: "button", onclick: () => navigator.clipboard.writeText(made.key).then(() => toast("Copied.")) }, "Copy"))));
            await keys();
        }, $("#keys-problem"));
    });
    await keys();
}

async function keys() {
    const { data } = await call("GET", "v1/keys");
    const valid = data.filter((key) => !key.revoked_at);
    fill($("#keys"), valid.length ? valid.map((key) => h("li.row.spread", h("div.grow", h("p.clip", key.name), h("p.small.quiet", h("code", `${key.prefix}…`), " · made ", time(key.created))),
        h("button.tiny.danger", { type: "button", "aria-label": `Revoke ${key.name}`, onclick: (event) => busy(event.currentTarget, async () => {
            if (!confirm(`Revoke the key “${key.name}”? Programs that use it stop working.`)) return;
            await call("DELETE", `v1/keys/${key.id}`);
            toast("The key is revoked.");
            await keys();
        }) }, "Revoke"))) : h("li.quiet.small", "No keys yet. Programs use them in place of your password."));
}
