"""What users do: the official openai package, unchanged but for its address and key.

    official_client.py CHECKS BASE_URL      (the key is in ORCHESTRATOR_KEY)

Runs one group of checks and prints a line for each: "ok NAME FACT=VALUE…" or "FAILED NAME: why".
"""

import asyncio
import base64
import hashlib
import io
import os
import sys
import urllib.request

import openai
from PIL import Image

SETTINGS = {"base_url": sys.argv[2], "api_key": os.environ["ORCHESTRATOR_KEY"]}
client = openai.OpenAI(**SETTINGS)

GENERATORS = ["openai/gpt-image-2", "stability/core", "replicate/black-forest-labs/flux-schnell"]
VARIERS = ["openai/gpt-image-2", "stability/ultra", "replicate/black-forest-labs/flux-2-pro"]


def check(name, work):
    """Runs one check; what it returns are facts for the line."""
    try:
        facts = work()
    except Exception as error:  # the next checks say whether the daemon lives
        print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
    else:
        print(" ".join(["ok", name] + [f"{key}={value}" for key, value in facts.items()]), flush=True)


def upload(width, height, color="red", mode="RGB"):
    """A PNG as an upload; the package tells files apart by their names."""
    file = io.BytesIO()
    Image.new(mode, (width, height), color).save(file, "PNG")
    return ("picture.png", file.getvalue(), "image/png")


def mask(width, height):
    """Transparent in the middle, where the edit is to happen."""
    picture = Image.new("RGBA", (width, height), "black")
    picture.paste((0, 0, 0, 0), (width // 4, height // 4, width // 2, height // 2))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return ("mask.png", file.getvalue(), "image/png")


def picture(item):
    """The bytes of one picture, by its link or from base64, whichever of the two is there."""
    assert (item.url is None) != (item.b64_json is None), "one of url and b64_json"
    if item.b64_json is not None:
        return base64.b64decode(item.b64_json, validate=True)
    # The link is signed: whoever has it needs no key.
    with urllib.request.urlopen(item.url) as answer:
        return answer.read()


def facts(answer, form=None, count=1):
    """Decodes every picture of an answer and compares it with what the answer says about it."""
    assert answer.created > 1_700_000_000, answer.created
    assert len(answer.data) == count, len(answer.data)
    sums = []
    for item in answer.data:
        data = picture(item)
        opened = Image.open(io.BytesIO(data))
        opened.load()
        assert opened.format.lower() == answer.output_format, (opened.format, answer.output_format)
        assert f"{opened.width}x{opened.height}" == answer.size, (opened.size, answer.size)
        assert form is None or opened.format.lower() == form, opened.format
        sums.append(hashlib.sha256(data).hexdigest())
    return {"sha256": ",".join(sums)}


def whose(raw):
    """Who served an answer; a retry by the package itself would hide an error."""
    assert raw.http_request.headers.get("x-stainless-retry-count") == "0", "the first try counts"
    return {"provider": raw.headers["x-orchestrator-provider"]}


def refused(work, code, word):
    """The package must raise its own exception, with the code of the answer."""
    try:
        work()
    except openai.BadRequestError as error:
        assert error.code == code, error.code
        assert word in error.message, error.message
        return {"code": code}
    raise AssertionError("no error")


# Groups of checks


def generations():
    for model in GENERATORS:
        for form in ["png", "jpeg", "webp"]:
            for delivery in ["url", "b64_json"]:

                def work():
                    answer = client.images.generate(
                        model=model,
                        prompt="a fox",
                        quality="low",
                        size="1024x1024",
                        output_format=form,
                        response_format=delivery,
                    )
                    assert getattr(answer.data[0], delivery) is not None
                    return facts(answer, form)

                check(f"generate:{model}:{form}:{delivery}", work)


def edits():
    def edit(model, references, with_mask):
        # The first has the mask's size; a second shows that all of them are taken.
        images = [upload(512, 512), upload(320, 256, "blue")][:references]
        optional = {"mask": mask(512, 512)} if with_mask else {}
        return facts(
            client.images.edit(
                model=model,
                image=images if references > 1 else images[0],
                prompt="add a hat",
                quality="medium",
                **optional,
            )
        )

    served = [
        ("openai/gpt-image-2", 2, True),
        ("stability/inpaint", 1, True),
        ("replicate/stability-ai/sdxl", 1, True),
        ("replicate/ideogram-ai/ideogram-v3-balanced", 1, True),
        ("replicate/black-forest-labs/flux-2-pro", 2, False),
    ]
    for model, references, with_mask in served:
        name = f"edit:{model}:{references}{'+mask' if with_mask else ''}"
        check(name, lambda: edit(model, references, with_mask))
    impossible = [
        ("stability/inpaint", "reference"),
        ("replicate/stability-ai/sdxl", "reference"),
        ("replicate/ideogram-ai/ideogram-v3-balanced", "reference"),
        ("replicate/black-forest-labs/flux-2-pro", "mask"),
    ]
    for model, word in impossible:
        check(f"edit:{model}:2+mask", lambda: refused(lambda: edit(model, 2, True), "no_eligible_provider", word))


def variations():
    for model in VARIERS:
        check(
            f"variation:{model}",
            lambda: facts(client.images.create_variation(model=model, image=upload(1024, 1024))),
        )


def streams():
    def consume(stream, kind, partials):
        events = list(stream)
        expected = [f"{kind}.partial_image"] * partials + [f"{kind}.completed"]
        assert [event.type for event in events] == expected, [event.type for event in events]
        assert [event.partial_image_index for event in events[:-1]] == list(range(partials))
        for event in events:
            Image.open(io.BytesIO(base64.b64decode(event.b64_json, validate=True))).load()
        assert events[-1].usage is not None
        return {"sha256": hashlib.sha256(base64.b64decode(events[-1].b64_json)).hexdigest()}

    wish = {"prompt": "a fox", "quality": "low", "size": "1024x1024", "stream": True}
    for model, partials in [(GENERATORS[0], 2), (GENERATORS[1], 0), (GENERATORS[2], 0)]:
        check(
            f"stream:generate:{model}",
            lambda: consume(
                client.images.generate(model=model, partial_images=2, **wish), "image_generation", partials
            ),
        )
    check(
        f"stream:edit:{GENERATORS[0]}",
        lambda: consume(
            client.images.edit(
                model=GENERATORS[0],
                image=[upload(512, 512), upload(320, 256)],
                mask=mask(512, 512),
                partial_images=1,
                **wish,
            ),
            "image_edit",
            1,
        ),
    )


def together():
    """Twelve calls at once, over all operations and vendors."""

    async def run():
        async with openai.AsyncOpenAI(**SETTINGS) as many:
            calls = []
            for number in range(12):
                if number % 3 == 0:
                    model = GENERATORS[number // 3 % 3]
                    call = many.images.generate(model=model, prompt=f"fox {number}", quality="low", size="1024x1024")
                elif number % 3 == 1:
                    image = [upload(512, 512), upload(320, 256)]
                    call = many.images.edit(model=GENERATORS[0], image=image, prompt=f"fox {number}", quality="low")
                else:
                    call = many.images.create_variation(model=VARIERS[number // 3 % 3], image=upload(1024, 1024))
                calls.append(call)
            return await asyncio.gather(*calls, return_exceptions=True)

    for number, answer in enumerate(asyncio.run(run())):

        def work():
            if isinstance(answer, Exception):
                raise answer
            return facts(answer)

        check(f"together:{number}", work)


def failing():
    """One call after the other, with no model named, while a vendor begins to fail."""
    raw = client.images.with_raw_response

    def generate():
        answer = raw.generate(prompt="a fox", quality="low", size="1024x1024")
        return facts(answer.parse()) | whose(answer)

    def edit():
        images = [upload(512, 512), upload(320, 256, "blue")]
        answer = raw.edit(image=images, prompt="add a hat", quality="medium")
        return facts(answer.parse()) | whose(answer)

    def vary():
        answer = raw.create_variation(image=upload(1024, 1024))
        return facts(answer.parse()) | whose(answer)

    for number in range(6):
        check(f"failing:generate:{number}", generate)
    for number in range(2):
        check(f"failing:edit:{number}", edit)
    check("failing:variation", vary)


def credits():
    """What a customer with eight credits can have: one cheap picture, one edit, and then no dear picture."""
    raw = client.images.with_raw_response

    def generate():
        answer = raw.generate(prompt="a fox", quality="low", size="1024x1024")
        return facts(answer.parse()) | {"job": answer.headers["x-job-id"]}

    def edit():
        answer = raw.edit(image=upload(512, 512), prompt="add a hat", quality="medium")
        return facts(answer.parse()) | {"job": answer.headers["x-job-id"]}

    def too_dear():
        try:
            client.images.generate(prompt="a fox", quality="high", size="1024x1024")
        except openai.APIStatusError as error:
            assert error.status_code == 402, error.status_code
            assert error.code == error.type == "insufficient_credits", (error.code, error.type)
            return {"needed": error.body["needed"], "available": error.body["available"]}
        raise AssertionError("no error")

    check("generate", generate)
    check("edit", edit)
    check("too_dear", too_dear)


GROUPS = [generations, edits, variations, streams, together, failing, credits]
{group.__name__: group for group in GROUPS}[sys.argv[1]]()
