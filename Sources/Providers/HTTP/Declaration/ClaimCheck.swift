import Orchestrator

/// Holds what the file says that a model can do against what its request says.
struct ClaimCheck {
    let notes: DeclarationNotes
    let model: ConfigNode
    let declaration: HTTPDeclaration

    func run(_ operation: Orchestrator.Operation, isListed: Bool, hasUpload: Bool) {
        let pictures = declaration.variables.compactMap { variable -> (choice: PictureChoice, form: PictureForm)? in
            if case .picture(let choice, let form) = variable { (choice, form) } else { nil }
        }
        if isListed, operation != .generate, !pictures.contains(where: { $0.choice != .mask }) {
            let place = model["operations"]?.elements.first { (try? $0.string()) == operation.rawValue }
            notes.add(
                (place ?? model).error(
                    "the request for '\(operation.rawValue)' sends no picture",
                    hint: "let its body name {image.base64}, {image.file} or the like"
                )
            )
        }
        if let most = model["max_images"], (try? most.integer(in: 1...1)) == nil,
            !declaration.variables.contains(.field(.count))
        {
            notes.add(most.error("the request does not say how many pictures", hint: "let it name {count}"))
        }
        if let mask = model["mask"], (try? mask.bool()) == true, operation == .edit,
            !pictures.contains(where: { $0.choice == .mask })
        {
            notes.add(
                mask.error("the request sends no mask", hint: "let it name {mask.base64}, {mask.file} or the like")
            )
        }
        if !hasUpload, pictures.contains(where: { $0.form == .uploaded }) {
            notes.add(model.error("a picture's 'uploaded' name needs 'upload'", hint: "in the provider's 'api'"))
        }
        for (index, value) in declaration.declared.enumerated()
        where declaration.variables.contains(.declared(index)) { check(value) }
    }

    /// Every word that the entry states must have one of the vendor's.
    private func check(_ value: DeclaredValue) {
        guard let table = value.table, value.fallback == nil, case .field(let field)? = value.source.soleVariable else {
            return
        }
        for (word, node) in stated(field) where table[word] == nil {
            let hint = "add it to its 'map', or give it a 'default'"
            notes.add(node.error("'\(value.name)' has no word for '\(word)'", hint: hint))
        }
    }

    /// The values of a variable that the model's entry lists.
    private func stated(_ field: RequestField) -> [(word: String, node: ConfigNode)] {
        let tiers = model["tiers"]?.entries ?? []
        switch field {
        case .tier: return tiers.map { ($0.name, $0.nameNode) }
        case .quality:
            return tiers.map { tier in
                let own = tier.value["vendor_quality"]
                return (own.flatMap { try? $0.string() } ?? tier.name, own ?? tier.nameNode)
            }
        case .ratio: return words("ratios")
        case .size: return words("sizes")
        case .format: return words("formats")
        case .prompt, .negativePrompt, .model, .operation, .count, .width, .height, .ratioWidth, .ratioHeight,
            .mediaType, .compression, .background, .moderation, .style, .user, .seed, .timeLimit:
            return []
        }
    }

    private func words(_ key: String) -> [(word: String, node: ConfigNode)] {
        model[key]?.elements.compactMap { element in (try? element.string()).map { ($0, element) } } ?? []
    }
}
