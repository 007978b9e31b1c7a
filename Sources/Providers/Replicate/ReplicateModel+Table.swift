import Orchestrator

extension ReplicateModel {
    /// The models whose input is known, as their pages published it (2024-11 to 2026-05).
    ///
    /// Left out: `openai/gpt-image-1`, which is shut down and wants a second vendor's key in its input, and
    /// `recraft-ai/recraft-v4-svg`, which draws no pixels.
    static let known: [String: ReplicateModel] = flux.merging(others) { first, _ in first }

    private static let fluxRatios = "1:1 16:9 21:9 3:2 2:3 4:5 5:4 3:4 4:3 9:16 9:21"
    private static let flux2Ratios = "1:1 16:9 3:2 2:3 4:5 5:4 9:16 3:4 4:3"
    private static let seedreamRatios = "1:1 4:3 3:4 16:9 9:16 3:2 2:3 21:9"
    private static let bananaRatios = "1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9"
    private static let ideogramRatios = "1:1 16:9 9:16 4:3 3:4 3:2 2:3 16:10 10:16 3:1 1:3"

    private static let flux: [String: ReplicateModel] = [
        "black-forest-labs/flux-schnell": make(fluxRatios, "png jpg webp") {
            $0.count = Count(field: "num_outputs", most: 4)
        },
        "black-forest-labs/flux-dev": make(fluxRatios, "png jpg webp") {
            $0.count = Count(field: "num_outputs", most: 4)
            $0.images = one("image")
        },
        // Priced by the picture, so free sizes cost the same; the flux-2 models are priced by the megapixel, and keep
        // to their default of one.
        "black-forest-labs/flux-1.1-pro": make("1:1 16:9 2:3 3:2 4:5 5:4 9:16 3:4 4:3", "png jpg webp") {
            $0.size = edges(16, 256, 1440, Toggle(field: "aspect_ratio", word: "custom"))
        },
        "black-forest-labs/flux-kontext-pro": make(
            "1:1 16:9 9:16 4:3 3:4 3:2 2:3 4:5 5:4 21:9 9:21 2:1 1:2",
            "png jpg"
        ) {
            $0.images = one("input_image")
            $0.compression = nil
        },
        "black-forest-labs/flux-2-pro": make(flux2Ratios, "png jpg webp") { $0.images = list("input_images", 8) },
        "black-forest-labs/flux-2-max": make(flux2Ratios, "png jpg webp") { $0.images = list("input_images", 8) },
        "black-forest-labs/flux-2-flex": make(flux2Ratios, "png jpg webp") { $0.images = list("input_images", 10) },
        "black-forest-labs/flux-2-klein-9b": make(fluxRatios, "png jpg webp") { $0.images = list("images", 5) },
        "prunaai/flux-kontext-fast": make(fluxRatios, "png jpg webp") {
            $0.images = one("img_cond_path")
            $0.generates = false
            // Its `output_quality` begins at 1, where a caller's compression begins at 0.
            $0.compression = nil
        },
        "prunaai/p-image": make("1:1 16:9 9:16 4:3 3:4 3:2 2:3", "") { $0.nativeFormat = .jpeg },
        "prunaai/z-image-turbo": make("", "png jpg webp") { $0.size = edges(16, 64, 2048) },
    ]

    private static let others: [String: ReplicateModel] = [
        "bytedance/seedream-4": seedream("", most: 10) {
            $0.size = edges(1, 1024, 4096, Toggle(field: "size", word: "custom"))
        },
        "bytedance/seedream-4.5": seedream("", most: 14) { _ in },
        "bytedance/seedream-5-lite": seedream("png jpeg", most: 14) { _ in },
        "google/imagen-4": google("1:1 9:16 16:9 3:4 4:3") { _ in },
        "google/nano-banana": google(bananaRatios) { $0.images = list("image_input", 14) },
        "google/nano-banana-pro": google(bananaRatios) { $0.images = list("image_input", 14) },
        "google/nano-banana-2": google(bananaRatios + " 1:4 4:1 1:8 8:1") { $0.images = list("image_input", 14) },
        "ideogram-ai/ideogram-v2": ideogram(ideogramRatios) { $0.negativePrompt = "negative_prompt" },
        "ideogram-ai/ideogram-v3-turbo": ideogram(ideogramRatios + " 1:2 2:1 4:5 5:4") { _ in },
        "ideogram-ai/ideogram-v3-balanced": ideogram(ideogramRatios + " 1:2 2:1 4:5 5:4") { _ in },
        "ideogram-ai/ideogram-v3-quality": ideogram(ideogramRatios + " 1:2 2:1 4:5 5:4") { _ in },
        "openai/gpt-image-2": make("1:1 3:2 2:3", "png jpeg webp") {
            $0.images = list("input_images", 16)
            $0.seed = nil
            $0.compression = "output_compression"
            $0.background = "background"
            $0.moderation = "moderation"
            $0.quality = "quality"
            $0.user = "user_id"
        },
        "qwen/qwen-image": make("1:1 16:9 9:16 4:3 3:4 3:2 2:3", "png jpg webp") {
            $0.images = one("image")
            $0.negativePrompt = "negative_prompt"
        },
        "qwen/qwen-image-edit-2511": make("1:1 16:9 9:16 4:3 3:4", "png jpg webp") {
            $0.images = list("image", 4)
            $0.generates = false
        },
        "recraft-ai/recraft-v3": recraft(
            "1024x1024 1365x1024 1024x1365 1536x1024 1024x1536 1820x1024 1024x1820 1024x2048 2048x1024 "
                + "1434x1024 1024x1434 1024x1280 1280x1024 1024x1707 1707x1024"
        ),
        "recraft-ai/recraft-v4": recraft(
            "1024x1024 1536x768 768x1536 1280x832 832x1280 1216x896 896x1216 1152x896 896x1152 832x1344 "
                + "1280x896 896x1280 1344x768 768x1344"
        ),
        "stability-ai/sdxl": make("", "") {
            // Runs by version alone: no official model stands behind the name.
            $0.version = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"
            $0.size = edges(8, 256, 2048)
            $0.images = one("image")
            $0.mask = Mask(field: "mask", polarity: .white)
            $0.count = Count(field: "num_outputs", most: 4)
            $0.negativePrompt = "negative_prompt"
        },
        "stability-ai/stable-diffusion-3": make("1:1 16:9 21:9 3:2 2:3 4:5 5:4 9:16 9:21", "png jpg webp") {
            $0.images = one("image")
            $0.negativePrompt = "negative_prompt"
        },
        "xai/grok-imagine-image": make("1:1 16:9 9:16 4:3 3:4 3:2 2:3 2:1 1:2 20:9 9:20", "") {
            $0.images = one("image")
            $0.seed = nil
            $0.nativeFormat = .jpeg
        },
    ]

    /// A model with a seed, the usual name for ratios, and `output_format` with `output_quality` where it makes
    /// several.
    private static func make(
        _ ratios: String,
        _ formats: String,
        _ describe: (inout ReplicateModel) -> Void
    ) -> ReplicateModel {
        var model = ReplicateModel()
        model.seed = Seed(field: "seed")
        if !ratios.isEmpty { model.ratio = Ratio(field: "aspect_ratio", words: words(ratios)) }
        if !formats.isEmpty {
            let known = words(formats).compactMap { word in ImageFormat(name: word).map { ($0, word) } }
            model.format = Format(field: "output_format", words: Dictionary(uniqueKeysWithValues: known))
            model.compression = "output_quality"
        }
        describe(&model)
        return model
    }

    /// `max_images` lets the model decide how many it draws, so one is asked for at a time unless the registry says
    /// more.
    private static func seedream(
        _ formats: String,
        most: Int,
        _ describe: (inout ReplicateModel) -> Void
    ) -> ReplicateModel {
        make(seedreamRatios, formats) {
            $0.seed = nil
            $0.compression = nil
            $0.nativeFormat = .jpeg
            $0.images = list("image_input", most)
            $0.count = Count(
                field: "max_images",
                most: 1,
                toggle: Toggle(field: "sequential_image_generation", word: "auto")
            )
            describe(&$0)
        }
    }

    private static func google(_ ratios: String, _ describe: (inout ReplicateModel) -> Void) -> ReplicateModel {
        make(ratios, "png jpg") {
            $0.seed = nil
            $0.compression = nil
            describe(&$0)
        }
    }

    private static func ideogram(_ ratios: String, _ describe: (inout ReplicateModel) -> Void) -> ReplicateModel {
        make(ratios, "") {
            $0.seed = Seed(field: "seed", highest: 2_147_483_647)
            $0.images = one("image")
            $0.mask = Mask(field: "mask", polarity: .black, isRequired: true)
            describe(&$0)
        }
    }

    private static func recraft(_ sizes: String) -> ReplicateModel {
        make("", "") {
            $0.seed = nil
            $0.nativeFormat = .webp
            $0.size = .words(field: "size", words: words(sizes))
        }
    }

    private static func one(_ field: String) -> Images { Images(field: field, isList: false, most: 1) }

    private static func list(_ field: String, _ most: Int) -> Images { Images(field: field, isList: true, most: most) }

    private static func edges(_ step: Int, _ least: Int, _ most: Int, _ toggle: Toggle? = nil) -> Size {
        var bounds = FreeSizes()
        bounds.multipleOf = step
        bounds.minEdge = least
        bounds.maxEdge = most
        return .edges(width: "width", height: "height", bounds: bounds, toggle: toggle)
    }

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
