import Orchestrator

extension StabilityService {
    /// The service that a model id names; nil for an unknown one.
    static func named(_ name: String) -> StabilityService? { table[name] }

    /// All aspect ratios there are; no service knows pixels.
    static let ratios = ["1:1", "3:2", "2:3", "16:9", "9:16", "5:4", "4:5", "21:9", "9:21"].compactMap {
        AspectRatio($0)
    }

    /// All words for `style_preset`.
    static let styles: Set<String> = [
        "enhance", "anime", "photographic", "digital-art", "comic-book", "fantasy-art", "line-art", "analog-film",
        "neon-punk", "isometric", "low-poly", "origami", "modeling-compound", "cinematic", "3d-model", "pixel-art",
        "tile-texture",
    ]

    private static let table = Dictionary(uniqueKeysWithValues: services.map { ($0.name, $0) })

    /// As the vendor's API description of 2026 lists them.
    static let services: [StabilityService] = generation + edits + upscalers + controls

    private static let generation: [StabilityService] =
        [
            make("core", "generate/core") {
                $0.generates = true
                $0.fields.insert(.ratio)
            },
            make("ultra", "generate/ultra") {
                $0.generates = true
                $0.imageFields = ["image"]
                $0.fields.formUnion([.ratio, .strength])
            },
        ]
        + ["sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash"].map { model in
            make(model, "generate/sd3") {
                $0.generates = true
                $0.imageFields = ["image"]
                $0.fields.formUnion([.ratio, .strength])
                $0.sharedModel = model
            }
        }

    private static let edits: [StabilityService] = [
        make("erase", "edit/erase", .edit) {
            $0.promptField = nil
            $0.takesMask = true
            $0.fields = [.seed]
        },
        make("inpaint", "edit/inpaint", .edit) { $0.takesMask = true },
        make("outpaint", "edit/outpaint", .edit) {
            $0.fields = [.seed, .style]
            $0.required = .positive(anyOf: ["left", "right", "up", "down"])
        },
        make("search-and-replace", "edit/search-and-replace", .edit) { $0.required = .field("search_prompt") },
        make("search-and-recolor", "edit/search-and-recolor", .edit) { $0.required = .field("select_prompt") },
        make("remove-background", "edit/remove-background", Limits(maxPixels: 4_194_304, maxRatio: 2.5)) {
            $0.promptField = nil
            $0.fields = []
            $0.formats = [.png, .webp]
        },
        make("replace-background-and-relight", "edit/replace-background-and-relight", .edit) {
            $0.promptField = "background_prompt"
            $0.imageFields = ["subject_image"]
            $0.fields = [.seed, .negativePrompt]
            $0.isAsynchronous = true
        },
    ]

    /// Named with their group, since `fast` alone says nothing in a route.
    private static let upscalers: [StabilityService] = [
        make("upscale-fast", "upscale/fast", Limits(maxEdge: 1536, maxPixels: 1_048_576)) {
            $0.promptField = nil
            $0.fields = []
        },
        make("upscale-conservative", "upscale/conservative", .edit) { $0.fields = [.seed, .negativePrompt] },
        make("upscale-creative", "upscale/creative", Limits(maxPixels: 1_048_576)) { $0.isAsynchronous = true },
    ].flatMap { service in
        // The bare last part of the path is the vendor's own name of the service.
        var bare = service
        bare.name = String(service.name.dropFirst("upscale-".count))
        return [service, bare]
    }

    private static let controls: [StabilityService] = [
        make("sketch", "control/sketch", .edit) { _ in },
        make("structure", "control/structure", .edit) { _ in },
        make("style", "control/style", .edit) { $0.fields.insert(.ratio) },
        make("style-transfer", "control/style-transfer", .edit) {
            $0.imageFields = ["init_image", "style_image"]
            $0.fields = [.seed, .negativePrompt]
        },
    ]

    private static func make(
        _ name: String,
        _ path: String,
        _ limits: Limits? = nil,
        _ describe: (inout StabilityService) -> Void
    ) -> StabilityService {
        var service = StabilityService(name: name, path: path, promptField: "prompt")
        if let limits {
            service.imageFields = ["image"]
            service.limits = limits
        }
        describe(&service)
        return service
    }
}
