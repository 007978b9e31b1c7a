// One picture, or one job, in a window of its own: large, with everything that is known of it.
import { call, words } from "./api.js";
import { dialog, dollars, fill, h, moment, plural, seconds, toast } from "./ui.js";

export const thumbnail = (id) => `v1/images/${id}/thumbnail`;
export const content = (id) => `v1/images/${id}/content`;
export const download = (id) => `v1/images/${id}/content?download=1`;
export const archive = (job) => `v1/images/zip?job=${job}`;

export function facts(rows) {
    return h("dl.facts", rows.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => [h("dt", name), h("dd", value)]));
}

/** What became of a job's money, in words; nothing where there is nothing to say. */
export function refund(job) {
    const { reserved, charged, refunded } = job.credits;
    if (refunded > 0 && charged === 0) return `${plural(refunded, "credit")} came back.`;
    if (refunded > 0) return `${plural(charged, "credit")} charged, ${refunded} came back.`;
    if (job.status === "failed" || job.status === "canceled") return reserved > 0 && charged > 0 ? `${plural(charged, "credit")} charged.` : "Nothing was charged.";
    return "";
}

export function reason(job) {
    if (job.status === "canceled") return "Canceled.";
    return job.error ? words(0, job.error) : "";
}

/** The picture itself, as large as there is room; a click shows it in its true size. */
function figure(id, text) {
    const image = h("img", { src: content(id), alt: text });
    const frame = h("figure", { tabIndex: 0, "aria-label": "The picture; Enter switches between fitting and true size" }, image);
    const zoom = () => frame.classList.toggle("full");
    frame.addEventListener("click", zoom);
    frame.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === "+" || event.key === "-") zoom();
    });
    return frame;
}

/** Shows a picture by its id; `job` where it is known. */
export async function showPicture(id, actions = []) {
    const body = h("div.viewer", h("div.waiting"));
    const window = dialog("Picture", body);
    let image;
    try {
        image = await call("GET", `v1/images/${id}`);
    } catch (error) {
        fill(body, h("p.notice.bad", error.message));
        return window;
    }
    fill(body, figure(id, image.prompt || "A picture"),
        h("div.stack",
            h("p", image.prompt || "No prompt."),
            facts([["Size", image.size], ["Quality", image.quality], ["Format", image.output_format.toUpperCase()], ["Made by", `${image.provider}/${image.model}`],
                ["Cost", dollars(image.cost_usd)], ["Made", moment(image.created_at)], ["Visible to", image.is_public ? "everybody" : "you alone"]]),
            h("div.row", h("a.button.primary", { href: download(id), download: "" }, "Download"),
                h("a.button", { href: `./?edit=${id}` }, "Edit"), h("a.button", { href: `./?vary=${id}` }, "Variations"), actions)));
    return window;
}

/** The story of a job: what was asked, who was tried, what it cost. */
export function story(job) {
    const { request } = job;
    const wished = [["Shape", request.aspect_ratio ?? (request.size === "auto" ? "chosen by the model" : request.size)], ["Quality", request.quality], ["Pictures", String(request.n ?? 1)],
        ["Model", request.model || "any"], ["Policy", job.policy], ["Not in it", request.negative_prompt], ["Seed", request.seed?.toString()],
        ["References", request.images?.length ? plural(request.images.length, "picture") + (request.mask ? ", with a mask" : "") : null]];
    const image = job.images[0];
    return h("div.stack",
        facts([["Status", job.status], ["Asked", moment(job.created)],
            ["Took", job.finished ? seconds(new Date(job.finished) - new Date(job.created)) : null],
            ["Made by", image ? `${image.provider}/${image.model}` : null], ["Cost", dollars(job.cost_usd)],
            ["Credits", job.credits.reserved ? `${job.credits.charged} charged, ${job.credits.refunded} back` : null], ...wished]),
        job.error || job.status === "canceled" ? h("p.notice.bad", reason(job), " ", refund(job)) : null,
        h("div.stack.tight", h("h3", "Route taken"),
            job.attempts.length
                ? h("div.scroll", h("table", h("thead", h("tr", h("th", "#"), h("th", "Vendor"), h("th", "Outcome"), h("th.number", "Time"), h("th.number", "Cost"))),
                    h("tbody", job.attempts.map((a) => h("tr", h("td", a.n), h("td", `${a.provider}/${a.model}`), h("td", outcome(a)),
                        h("td.number", a.ms === null ? "–" : seconds(a.ms)), h("td.number", dollars(a.cost_usd)))))))
                : h("p.quiet.small", "No vendor was called.")),
        job.adapted.length ? h("div.stack.tight", h("h3", "Changed on the way"), h("ul.small.quiet", job.adapted.map((a) => h("li", `${a.field}: ${a.asked} → ${a.given} (${a.why})`)))) : null);
}

function outcome(attempt) {
    if (!attempt.outcome) return "under way";
    return attempt.error && attempt.error !== attempt.outcome ? `${attempt.outcome}: ${attempt.error.replaceAll("_", " ")}` : attempt.outcome;
}

export async function showJob(id, actions = () => []) {
    const body = h("div.stack", h("p.quiet", "Loading…"));
    const window = dialog("Job", body);
    try {
        const job = await call("GET", `v1/jobs/${id}`);
        fill(body, h("p", job.request.prompt || "Variations"),
            job.images.length ? h("div.tiles", job.images.map((image, index) => tile(job, image, index))) : null,
            h("div.row", actions(job), job.images.length > 1 ? h("a.button", { href: archive(job.id), download: "" }, "Download all (.zip)") : null), story(job));
    } catch (error) {
        fill(body, h("p.notice.bad", error.message));
    }
    return window;
}

/** A picture of a job with what can be done with it; `handlers` does it in place, else the studio is opened. */
export function tile(job, image, index, handlers) {
    const [width, height] = image.size.split("x");
    const name = `picture ${index + 1} of ${job.images.length}`;
    const act = (label, key, href) => handlers
        ? h("button.plain.tiny", { type: "button", "aria-label": `${label}: ${name}`, onclick: () => handlers[key](image, job) }, label)
        : h("a.button.plain.tiny", { href, "aria-label": `${label}: ${name}` }, label);
    return h("div.tile",
        h("button.open", { type: "button", "aria-label": `Zoom ${name}`, onclick: () => showPicture(image.id) },
            h("img", { src: thumbnail(image.id), alt: `${job.request.prompt || "variation"} (${name})`, width, height, loading: "lazy" })),
        h("div.tools",
            h("a.button.plain.tiny", { href: download(image.id), download: "", "aria-label": `Download ${name}` }, "Download"),
            act("Variations", "vary", `./?vary=${image.id}`), act("Edit", "edit", `./?edit=${image.id}`)));
}

export async function remove(id) {
    await call("DELETE", `v1/images/${id}`);
    toast("The picture is deleted.");
}
