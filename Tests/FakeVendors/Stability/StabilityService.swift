/// One service of Stability's `/v2beta/stable-image/`: its fields, what they take, and its price.
struct StabilityService: Sendable {
    enum Field: Sendable {
        case text(longest: Int)
        case number(ClosedRange<Double>)
        case integer(ClosedRange<Int>)
        case choice([String])
        case file(UploadRule)
    }

    /// What a picture sent along may measure, in pixels.
    struct UploadRule: Sendable {
        var sides = 64...Int.max
        var area = 9_437_184
        /// The longer side may be this many times the shorter.
        var longestRatio: Double?
    }

    var path: String
    var required: [String: Field]
    var optional: [String: Field]
    /// Micro-dollars a call; one credit is a cent.
    var costMicroUSD: Int
    var isAsynchronous = false

    static func named(_ path: String) -> StabilityService? { all.first { $0.path == path } }

    /// `generate/sd3` costs what its model says: micro-dollars by name, the 3.0 names being served by their twins.
    static let diffusion3Models: [(name: String, costMicroUSD: Int)] = [
        ("sd3.5-large", 65_000), ("sd3.5-large-turbo", 40_000), ("sd3.5-medium", 35_000), ("sd3.5-flash", 25_000),
        ("sd3-large", 65_000), ("sd3-large-turbo", 40_000), ("sd3-medium", 35_000),
    ]

    /// The ratios, with pixels near one million; the vendor publishes sizes for none but the square.
    static let ratios: [(name: String, width: Int, height: Int)] = [
        ("1:1", 1024, 1024), ("21:9", 1536, 640), ("16:9", 1344, 768), ("3:2", 1216, 832), ("5:4", 1152, 896),
        ("4:5", 896, 1152), ("2:3", 832, 1216), ("9:16", 768, 1344), ("9:21", 640, 1536),
    ]

    private static let styles = [
        "enhance", "anime", "photographic", "digital-art", "comic-book", "fantasy-art", "line-art", "analog-film",
        "neon-punk", "isometric", "low-poly", "origami", "modeling-compound", "cinematic", "3d-model", "pixel-art",
        "tile-texture",
    ]

    private static let prompt = Field.text(longest: 10_000)
    private static let format = Field.choice(["png", "jpeg", "webp"])
    private static let fraction = Field.number(0...1)
    /// What nearly every service takes.
    private static let usual: [String: Field] = [
        "negative_prompt": prompt, "seed": .integer(0...4_294_967_294), "output_format": format,
        "style_preset": .choice(styles),
    ]
    private static let seeded: [String: Field] = ["seed": .integer(0...4_294_967_294), "output_format": format]
    private static let ratio = Field.choice(ratios.map(\.name))
    private static let picture = Field.file(UploadRule(longestRatio: 2.5))
    private static let anyRatio = Field.file(UploadRule())
    /// Masks are resized to the picture.
    private static let mask = Field.file(UploadRule(sides: 1...Int.max))

    private static func service(
        _ path: String,
        _ credits: Int,
        _ required: [String: Field],
        _ optional: [String: Field],
        isAsynchronous: Bool = false
    ) -> StabilityService {
        StabilityService(
            path: path,
            required: required,
            optional: optional,
            costMicroUSD: credits * 10_000,
            isAsynchronous: isAsynchronous
        )
    }

    static let all: [StabilityService] = generate + edit + upscale + control

    private static let generate: [StabilityService] = [
        service(
            "generate/ultra",
            8,
            ["prompt": prompt],
            usual.and([
                "aspect_ratio": ratio, "strength": fraction,
                "image": .file(UploadRule(sides: 64...16_384, area: .max)),
            ])
        ),
        service("generate/core", 3, ["prompt": prompt], usual.and(["aspect_ratio": ratio])),
        service(
            "generate/sd3",
            0,
            ["prompt": prompt],
            usual.and([
                "aspect_ratio": ratio, "mode": .choice(["text-to-image", "image-to-image"]),
                "model": .choice(diffusion3Models.map(\.name)), "cfg_scale": .number(1...10), "strength": fraction,
                "image": .file(UploadRule(sides: 64...16_384, area: .max)),
            ])
        ),
    ]

    private static let edit: [StabilityService] = [
        service("edit/erase", 5, ["image": picture], seeded.and(["mask": mask, "grow_mask": .integer(0...20)])),
        service(
            "edit/inpaint",
            5,
            ["image": picture, "prompt": prompt],
            usual.and(["mask": mask, "grow_mask": .integer(0...100)])
        ),
        service(
            "edit/outpaint",
            4,
            ["image": picture],
            seeded.and([
                "left": .integer(0...2000), "right": .integer(0...2000), "up": .integer(0...2000),
                "down": .integer(0...2000), "creativity": fraction, "prompt": prompt, "style_preset": .choice(styles),
            ])
        ),
        service(
            "edit/search-and-replace",
            5,
            ["image": picture, "prompt": prompt, "search_prompt": prompt],
            usual.and(["grow_mask": .integer(0...20)])
        ),
        service(
            "edit/search-and-recolor",
            5,
            ["image": picture, "prompt": prompt, "select_prompt": prompt],
            usual.and(["grow_mask": .integer(0...20)])
        ),
        service(
            "edit/remove-background",
            5,
            ["image": .file(UploadRule(area: 4_194_304))],
            ["output_format": .choice(["png", "webp"])]
        ),
        service(
            "edit/replace-background-and-relight",
            8,
            ["subject_image": picture],
            seeded.and([
                "background_prompt": prompt, "background_reference": picture, "foreground_prompt": prompt,
                "negative_prompt": prompt, "preserve_original_subject": fraction,
                "original_background_depth": fraction, "keep_original_background": .choice(["true", "false"]),
                "light_source_direction": .choice(["left", "right", "above", "below"]), "light_reference": picture,
                "light_source_strength": fraction,
            ]),
            isAsynchronous: true
        ),
    ]

    private static let upscale: [StabilityService] = [
        service(
            "upscale/fast",
            2,
            ["image": .file(UploadRule(sides: 32...1536, area: 1_048_576))],
            ["output_format": format]
        ),
        service(
            "upscale/conservative",
            40,
            ["image": anyRatio, "prompt": prompt],
            seeded.and(["negative_prompt": prompt, "creativity": .number(0.2...0.5)])
        ),
        service(
            "upscale/creative",
            60,
            ["image": .file(UploadRule(area: 1_048_576)), "prompt": prompt],
            usual.and(["creativity": .number(0.1...0.5)]),
            isAsynchronous: true
        ),
    ]

    private static let control: [StabilityService] = [
        service("control/sketch", 5, ["prompt": prompt, "image": picture], usual.and(["control_strength": fraction])),
        service(
            "control/structure",
            5,
            ["prompt": prompt, "image": picture],
            usual.and(["control_strength": fraction])
        ),
        service(
            "control/style",
            5,
            ["prompt": prompt, "image": picture],
            usual.and(["aspect_ratio": ratio, "fidelity": fraction])
        ),
        service(
            "control/style-transfer",
            8,
            ["init_image": picture, "style_image": picture],
            seeded.and([
                "prompt": prompt, "negative_prompt": prompt, "style_strength": fraction,
                "composition_fidelity": fraction, "change_strength": .number(0.1...1),
            ])
        ),
    ]
}

extension [String: StabilityService.Field] {
    fileprivate func and(_ more: [String: StabilityService.Field]) -> [String: StabilityService.Field] {
        merging(more) { _, new in new }
    }
}
