// Jobs as the studio shows them: waiting, with early pictures, done, or failed.
import { call } from "./api.js";
import { archive, reason, refund, tile } from "./viewer.js";
import { dollars, fill, h, plural, time } from "./ui.js";

const states = ["queued", "running", "succeeded", "failed", "canceled"];
export const isFinal = (job) => !["queued", "running"].includes(job.status);

/** Browsers hold six connections to a server: what goes beyond a few is asked for now and then instead. */
const mostStreams = 3;
let streams = 0;

/** Tells `body` of every state of a job until its end; also when the connection or the daemon goes away meanwhile. */
export function follow(id, body) {
    if (streams >= mostStreams) return poll(id, body);
    streams += 1;
    const source = new EventSource(`v1/jobs/${id}/events`);
    const finish = () => {
        source.close();
        streams -= 1;
    };
    const hear = (event) => {
        const job = JSON.parse(event.data);
        if (isFinal(job)) finish();
        body(job);
    };
    for (const name of states) source.addEventListener(name, hear);
    source.addEventListener("error", () => {
        if (source.readyState !== EventSource.CLOSED) return;
        finish();
        poll(id, body);
    });
}

async function poll(id, body) {
    for (;;) {
        await new Promise((done) => setTimeout(done, 1500));
        let job;
        try {
            job = await call("GET", `v1/jobs/${id}`);
        } catch (error) {
            if (error.status === 404 || error.status === 401) return;
            continue;
        }
        body(job);
        if (isFinal(job)) return;
    }
}

function ratio(request) {
    const shape = request.aspect_ratio?.split(":") ?? (/^\d+x\d+$/.test(request.size) ? request.size.split("x") : null);
    return shape ? `${shape[0]} / ${shape[1]}` : "1 / 1";
}

/** A job's card. `show(job)` is called for each state, `early(index, url)` for early pictures. */
export function jobCard(request, handlers, patience = 20000) {
    const began = Date.now();
    const status = h("span.tag.busy", "Sending");
    const meta = h("span.small.quiet");
    const body = h("div");
    const tools = h("div.row");
    const bar = h("progress", { max: 1, value: 0, "aria-label": "How far the pictures are" });
    const count = request.n ?? 1;
    const waiting = Array.from({ length: count }, () => {
        const box = h("div.waiting", h("span", ""));
        box.style.aspectRatio = ratio(request);
        return box;
    });
    const grid = (...children) => h("div.tiles", { class: `tiles ${["", "one", "two", "", "four"][count] ?? ""}` }, ...children);
    const element = h("article.card.job", { "aria-label": request.prompt || "Variations" },
        h("div.stack.tight", h("p.lines-2", { title: request.prompt || null }, request.prompt || "Variations"), h("div.row.small", status, meta)), bar, body, tools);
    fill(body, grid(waiting));

    // Nobody knows how far a vendor is: the bar follows the usual time and never quite arrives by itself.
    const timer = setInterval(() => {
        const passed = Date.now() - began;
        bar.value = 1 - Math.exp(-passed / patience);
        waiting[0].firstChild.textContent = `${Math.round(passed / 1000)} s`;
    }, 500);

    function stop() {
        clearInterval(timer);
        bar.hidden = true;
    }

    const card = {
        element,
        job: null,
        early(index, url) {
            const box = waiting[Math.min(index, waiting.length - 1)];
            box.querySelector("img")?.remove();
            box.prepend(h("img", { src: url, alt: "An early view of the picture" }));
        },
        fail(message) {
            stop();
            status.className = "tag bad";
            status.textContent = "Not sent";
            fill(body, h("p.notice.bad", message));
            fill(tools);
        },
        show(job) {
            const wasFinal = card.job && isFinal(card.job);
            if (wasFinal) return;
            card.job = job;
            element.dataset.job = job.id;
            element.dataset.status = job.status;
            const [text, kind] = { queued: ["Waiting", "busy"], running: ["Painting", "busy"], succeeded: ["Done", "good"], failed: ["Failed", "bad"], canceled: ["Canceled", "warn"] }[job.status];
            status.className = `tag ${kind}`;
            status.textContent = text;
            const maker = job.images[0] ?? job.attempts.at(-1);
            fill(meta, maker ? `${maker.provider}/${maker.model} · ` : null, isFinal(job) ? `${dollars(job.cost_usd)}${job.credits.charged ? ` · ${plural(job.credits.charged, "credit")}` : ""} · ` : null, time(job.created));
            if (!isFinal(job)) {
                fill(tools, h("button.tiny", { type: "button", onclick: () => handlers.cancel(card) }, "Cancel"));
                return;
            }
            stop();
            if (job.images.length) {
                const less = job.images.length < count ? h("p.notice.warn.small", `${plural(count - job.images.length, "picture")} could not be made. ${refund(job)}`) : null;
                fill(body, h("div.stack", grid(job.images.map((image, index) => tile(job, image, index, handlers))), less));
            } else {
                fill(body, h("p.notice", { class: job.status === "failed" ? "notice bad" : "notice", role: "alert" }, reason(job), " ", refund(job)));
            }
            fill(tools, h("button.tiny", { type: "button", onclick: () => handlers.repeat(job) }, "Repeat"), h("button.tiny", { type: "button", onclick: () => handlers.reuse(job) }, "Change and repeat"),
                job.images.length > 1 ? h("a.button.tiny", { href: archive(job.id), download: "" }, "Download all (.zip)") : null,
                h("button.plain.tiny", { type: "button", onclick: () => handlers.details(job) }, "Details"));
        },
    };
    return card;
}
