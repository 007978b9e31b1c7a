// Calls to the server that this page comes from. A session's cookie says who we are; no key is ever in a page.
import { plural, sentence } from "./ui.js";

/** What the server said no with, in words. */
export class Refusal extends Error {
    constructor(status, error, retryAfter) {
        super(words(status, error, retryAfter));
        this.status = status;
        this.code = error?.code;
        this.param = error?.param;
    }
}

/** An error of the interface for people; also for the `error` of a job. */
export function words(status, error, retryAfter) {
    const message = sentence(error?.message ?? (status ? `The server answered ${status}` : "The server cannot be reached"));
    const wait = Number(retryAfter) > 0 ? ` Try again in ${plural(retryAfter, "second")}.` : "";
    switch (error?.code) {
        case "rate_limit_exceeded": return `Too many requests for now.${wait || " Try again in a moment."}`;
        case "global_rate_limit_exceeded": return `This server is making as many pictures as it may for now.${wait}`;
        case "daily_budget_exceeded": return `The spending limit of today is reached: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
        case "insufficient_credits": return `This needs ${plural(error.needed ?? "more", "credit")}, and you have ${error.available ?? "fewer"}.`;
        case "moderation_blocked": return "The vendor's content policy refused this request. Change the prompt or the pictures, and try again.";
        case "content_policy_violation": return "This server's own rules do not allow this request. Change the prompt, and try again.";
        case "all_providers_failed": return `Every vendor that could make this failed. ${message}`;
        case "timeout": return "The vendors took too long. Try again, or choose another quality.";
        case "overloaded": case "draining": return `The server is busy or restarting.${wait || " Try again in a moment."}`;
        case "invalid_api_key": return status === 401 && /expired|key/.test(message) ? "You are not signed in any more. Sign in, and try again." : message;
        default: return message;
    }
}

let token;

/** Facts of the server, and who we are: `{mode, sign_in_with, is_open, user}`; `user` is null for nobody. */
export async function facts() {
    const answer = await call("GET", "pages/server.json");
    token = answer.user?.csrf_token;
    return answer;
}

/** Sends a request and reads JSON; throws a `Refusal`. `body` may be an object or a form. */
export async function call(method, path, body, headers = {}) {
    const response = await send(method, path, body, headers);
    const text = await response.text();
    return text ? JSON.parse(text) : {};
}

/** As `call`, with the answer as it comes. */
export async function send(method, path, body, headers = {}) {
    const options = { method, headers: { Accept: "application/json", ...headers }, cache: "no-store" };
    if (method !== "GET" && token) options.headers["X-CSRF-Token"] = token;
    if (body instanceof FormData) {
        options.body = body;
    } else if (body !== undefined) {
        options.body = JSON.stringify(body);
        options.headers["Content-Type"] = "application/json";
    }
    let response;
    try {
        response = await fetch(path, options);
    } catch {
        throw new Refusal(0, null);
    }
    if (!response.ok) {
        let error = null;
        try {
            const answer = await response.json();
            error = typeof answer.error === "object" ? answer.error : { code: answer.error, message: answer.message ?? answer.error_description };
        } catch { /* an answer from a proxy: the status has to do */ }
        throw new Refusal(response.status, error, response.headers.get("Retry-After"));
    }
    return response;
}

/** A query without what is empty. */
export function query(values) {
    const pairs = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
    return pairs.length ? "?" + new URLSearchParams(pairs) : "";
}

/** Events of a stream as they come: `{name, data}`. */
export async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let parts = [];
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        let rest = value;
        let end;
        // A picture comes in thousands of pieces: they are joined once, at the end of its event.
        while ((end = boundary(parts, rest)) >= 0) {
            parts.push(rest.slice(0, end));
            const block = parts.join("");
            parts = [];
            rest = rest.slice(end).replace(/^\n+/, "");
            const name = /^event: (.*)$/m.exec(block)?.[1] ?? "message";
            const data = block.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
            if (data) yield { name, data: JSON.parse(data) };
        }
        if (rest) parts.push(rest);
    }
}

/** Where the blank line that ends an event is in `piece`, also when it began in the piece before. */
function boundary(parts, piece) {
    if (parts.length && parts[parts.length - 1].endsWith("\n") && piece.startsWith("\n")) return 0;
    return piece.indexOf("\n\n");
}
