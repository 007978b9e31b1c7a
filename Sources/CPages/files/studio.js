// The studio: one form, what it will cost and who will serve it, and the jobs that come of it.
import { Refusal, call, events, send } from "./api.js";
import { frame, signInFirst } from "./frame.js";
import { follow, isFinal, jobCard } from "./jobs.js";
import { references } from "./references.js";
import { atMost, routePreview } from "./route.js";
import { showJob } from "./viewer.js";
import { $, fill, frameIcon, h, settled, toast } from "./ui.js";

const form = $("#composer");
const feed = $("#feed");
const problem = $("#problem");
const submit = $("#submit");
const cards = new Map();
/** What was uploaded for a job of this visit: the record keeps no files that could be sent again. */
const uploads = new Map();
let streaming = new Set();

const server = await frame();
if (!server.user) {
    signInFirst($("#main"), "This studio is for people with an account.");
} else {
    await start();
}

async function start() {
    const preview = routePreview($("#route"), server.mode === "official");
    const refresh = settled(250, () => preview.update(explained()));
    const pictures = references($("#references"), refresh);
    await models();
    form.addEventListener("input", refresh);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        create(order(), pictures.items, preview.current).then((isSent) => isSent || $("#prompt").focus());
    });
    $("#prompt").addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            form.requestSubmit();
        }
    });
    $("#route").addEventListener("route", () => {
        const credits = server.mode === "official" ? preview.current?.credits : null;
        submit.textContent = credits ? `Create for ${atMost(preview.current)}${credits} ${credits === 1 ? "credit" : "credits"}` : "Create";
    });
    form.hidden = false;
    refresh();

    function explained() {
        const fields = order();
        const count = pictures.items.length;
        if (!fields.prompt) fields.prompt = "a picture";
        return { ...fields, references: count, mask: Boolean(pictures.items[0]?.mask), operation: count ? "edit" : "generate" };
    }

    const handlers = {
        vary: (image) => create({ n: 1, routing: order().routing }, [{ id: image.id }], null, "variations"),
        edit(image) {
            pictures.addStored(image.id);
            $("#prompt").focus();
            toast("Added as a reference. Say what is to change.");
        },
        repeat: (job) => repeat(job),
        reuse(job) {
            restore(job.request);
            pictures.replace(kept(job).map((item) => ({ ...item })));
            $("#prompt").focus();
        },
        details: (job) => showJob(job.id),
        cancel: (card) => call("POST", `v1/jobs/${card.job.id}/cancel`, {}).then(card.show, (error) => toast(error.message)),
    };

    /** The pictures a job was made of, as far as they can be sent again. */
    function kept(job) {
        return uploads.get(job.id) ?? (job.request.images ?? []).filter((image) => image.id)
            .map((image) => ({ id: image.id, name: "a stored picture", preview: `v1/images/${image.id}/thumbnail` }));
    }

    async function repeat(job) {
        const items = kept(job);
        if (items.length < (job.request.images?.length ?? 0)) {
            handlers.reuse(job);
            showProblem("The reference pictures of this job were uploads: add them again, then create.");
            return;
        }
        const { images, mask, metadata, stream, partial_images, user, response_format, ...fields } = job.request;
        await create(fields, items, null, job.operation === "variation" ? "variations" : undefined);
    }

    /** Sends a request; true once the server has taken it. */
    async function create(fields, items, plan, route = items.length ? "edits" : "generations") {
        showProblem("");
        if (route !== "variations" && !fields.prompt?.trim()) {
            $("#prompt").setAttribute("aria-invalid", "true");
            showProblem("Write what the picture shall show.");
            return false;
        }
        $("#prompt").removeAttribute("aria-invalid");
        submit.disabled = true;
        const mark = crypto.randomUUID();
        const candidate = plan?.candidates[0];
        const streams = Boolean(candidate && streaming.has(`${candidate.provider}/${candidate.model}`));
        const body = { ...fields, metadata: { page: mark } };
        if (streams) Object.assign(body, { stream: true, partial_images: 2 });
        const card = jobCard(fields, handlers, candidate?.latency_ms ?? 20000);
        try {
            const payload = await packed(body, items);
            const headers = { "Idempotency-Key": mark };
            if (!streams) headers.Prefer = "respond-async";
            const sent = send("POST", `v1/images/${route}`, payload, headers);
            show(card);
            card.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
            if (streams) {
                // A stream names its job once the first picture comes; the list of jobs knows it before.
                const found = find(mark);
                submit.disabled = false;
                found.then((job) => job && watch(card, job, items));
                for await (const event of events(await sent)) early(card, event, body.n ?? 1);
            } else {
                watch(card, await (await sent).json(), items);
            }
            return true;
        } catch (error) {
            await refused(error, card, mark);
            return !error.status || error.status >= 500;
        } finally {
            submit.disabled = false;
        }
    }

    /** What was refused has no card; what became a job and failed is shown by it. */
    async function refused(error, card, mark) {
        const job = error.status >= 400 && error.status < 500 && error.status !== 400 ? null : await find(mark, 2);
        if (job) {
            if (!card.job) watch(card, job, []);
            return;
        }
        card.element.remove();
        showEmpty();
        showProblem(error instanceof Refusal ? error.message : "The answer could not be read. The job may still be running: reload the page to see it.");
    }

    function watch(card, job, items) {
        if (card.job) return;
        cards.set(job.id, card);
        if (items.length) uploads.set(job.id, items);
        card.show(job);
        if (isFinal(job)) return;
        follow(job.id, (state) => {
            const wasFinal = card.job && isFinal(card.job);
            card.show(state);
            if (!wasFinal && isFinal(state)) {
                toast(state.status === "succeeded" ? "The pictures are done." : "The job ended without pictures.");
                refresh();
            }
        });
    }

    const query = new URLSearchParams(location.search);
    await recent(watch, handlers);
    if (query.get("edit")) handlers.edit({ id: query.get("edit") });
    if (query.get("vary")) handlers.vary({ id: query.get("vary") });
    if (query.get("repeat")) {
        const job = await call("GET", `v1/jobs/${query.get("repeat")}`).catch(() => null);
        if (job) await (query.has("change") ? handlers.reuse(job) : repeat(job));
    }
    if (query.size) history.replaceState(null, "", location.pathname);
}

function showProblem(text) {
    problem.textContent = text;
    problem.hidden = !text;
}

/** The fields of the form as the interface takes them. */
function order() {
    const data = new FormData(form);
    const fields = { prompt: data.get("prompt").trim(), quality: data.get("quality"), n: Number(data.get("n")) };
    if (data.get("ratio") !== "auto") fields.aspect_ratio = data.get("ratio");
    if (data.get("model")) fields.model = data.get("model");
    if (data.get("negative_prompt")?.trim()) fields.negative_prompt = data.get("negative_prompt").trim();
    if (data.get("seed")) fields.seed = Number(data.get("seed"));
    if (data.get("output_format")) fields.output_format = data.get("output_format");
    if (data.get("background")) fields.background = "transparent";
    if (data.get("policy")) fields.routing = { policy: data.get("policy") };
    return fields;
}

/** Puts an earlier request back into the form. */
function restore(request) {
    const set = (name, value) => {
        const field = form.elements[name];
        if (field instanceof RadioNodeList) {
            if ([...field].some((option) => option.value === String(value))) field.value = String(value);
        } else if (field?.type === "checkbox") {
            field.checked = Boolean(value);
        } else if (field) {
            field.value = value ?? "";
        }
    };
    set("prompt", request.prompt);
    set("ratio", request.aspect_ratio ?? "auto");
    set("quality", request.quality);
    set("n", request.n);
    set("model", request.model);
    set("negative_prompt", request.negative_prompt);
    set("seed", request.seed);
    set("background", request.background === "transparent");
    if (request.routing?.policy) set("policy", request.routing.policy);
    form.dispatchEvent(new Event("input"));
}

/** The names of models and policies, and which models send early pictures. */
async function models() {
    const { data } = await call("GET", "v1/models");
    const exact = data.filter((model) => model.capabilities && model.id === `${model.owned_by}/${model.id.slice(model.owned_by.length + 1)}`);
    streaming = new Set(exact.filter((model) => model.capabilities.operations.includes("stream")).map((model) => model.id));
    $("#model").append(...exact.map((model) => h("option", { value: model.id }, model.id)));
    const policies = new Set(data.filter((model) => model.id.startsWith("auto/")).map((model) => model.id.slice(5)));
    for (const label of form.querySelectorAll("#policies label")) label.hidden = !policies.has(label.querySelector("input").value);
    const first = form.querySelector("#policies label:not([hidden]) input");
    if (first) first.checked = true;
}

/** JSON where every picture is stored here already or small; else a form with the files. */
async function packed(body, items) {
    if (!items.length) return body;
    const mask = items[0].mask;
    const size = items.reduce((sum, item) => sum + (item.blob?.size ?? 0), mask?.size ?? 0);
    if (size < 4 << 20) {
        const images = await Promise.all(items.map(async (item) => ({ image_url: item.id ?? (await dataURL(item.blob)) })));
        return mask ? { ...body, images, mask: { image_url: await dataURL(mask) } } : { ...body, images };
    }
    const data = new FormData();
    for (const [name, value] of Object.entries(body)) data.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
    for (const [index, item] of items.entries()) {
        const blob = item.blob ?? (await (await send("GET", `v1/images/${item.id}/content`)).blob());
        data.append("image[]", blob, `reference-${index + 1}`);
    }
    if (mask) data.append("mask", mask, "mask.png");
    return data;
}

function dataURL(blob) {
    return new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.onerror = () => reject(new Error("A picture cannot be read: was its file moved?"));
        reader.readAsDataURL(blob);
    });
}

/** The job of a request that this page has marked. */
async function find(mark, tries = 40) {
    for (let turn = 0; turn < tries; turn += 1) {
        await new Promise((done) => setTimeout(done, turn < 3 ? 150 : 750));
        try {
            const { data } = await call("GET", "v1/jobs?limit=5");
            const job = data.find((candidate) => candidate.request.metadata?.page === mark);
            if (job) return job;
        } catch { /* asked again */ }
    }
    return null;
}

function early(card, event, count) {
    if (event.name === "error") throw Object.assign(new Error(event.data.error?.message), { status: 500 });
    if (!event.data.b64_json || event.name.endsWith("completed")) return;
    card.early(count > 1 ? event.data.partial_image_index % count : 0, `data:image/${event.data.output_format};base64,${event.data.b64_json}`);
}

function show(card) {
    feed.querySelector(".empty")?.remove();
    feed.prepend(card.element);
}

function showEmpty() {
    if (!feed.querySelector(".job, .empty")) {
        fill(feed, h("div.empty", frameIcon(), h("h2", "Nothing here yet"), h("p", "Write what you want to see, and your pictures appear here.")));
    }
}

/** The jobs of before, those that still run among them. */
async function recent(watch, handlers) {
    try {
        const { data } = await call("GET", "v1/jobs?limit=12");
        fill(feed);
        for (const job of data.reverse()) {
            const card = jobCard(job.request, handlers);
            show(card);
            watch(card, job, []);
        }
    } catch (error) {
        fill(feed, h("p.notice.bad", error.message));
    }
    showEmpty();
}
