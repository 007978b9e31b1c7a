import Orchestrator

/// Where a template stands, and so what it can name; notes what it does name.
struct TemplateScope {
    enum Place {
        /// A call that asks for work, by operation.
        case request(Orchestrator.Operation)
        /// A call that hands over one picture.
        case upload
        /// A call about work under way.
        case work
        /// The address of one picture of a result.
        case item
    }

    var place: Place
    /// Names of declared values, in their order.
    var declared: [String]
    var notes: DeclarationNotes

    /// The variable of a name, or what is wrong with the name.
    func variable(_ name: String, at offset: Int, in node: ConfigNode) -> Variable? {
        guard let variable = known(name, at: offset, in: node) else { return nil }
        notes.note(variable, isAvailable: isAvailable(variable), at: offset, in: node)
        return variable
    }

    private func known(_ name: String, at offset: Int, in node: ConfigNode) -> Variable? {
        switch place {
        case .item:
            guard name.isEmpty || name.hasPrefix("/") else {
                let hint = "such as {/filename}: a pointer into the picture's item"
                notes.add(node.error(at: offset, "unknown variable '\(name)'", hint: hint))
                return nil
            }
            do throws(Pointer.Malformed) {
                return .item(try Pointer(name))
            } catch {
                notes.add(node.error(at: offset + error.offset, error.message, hint: error.hint))
                return nil
            }
        case .work:
            if name == "id" { return .workID }
            if ["model", "operation"].contains(name) { return RequestField(rawValue: name).map { .field($0) } }
            return unknown(name, at: offset, in: node, among: ["id", "model", "operation"])
        case .upload:
            return picture(name, at: offset, in: node, pictures: ["image"])
        case .request:
            if let index = declared.firstIndex(of: name) { return .declared(index) }
            if let field = RequestField(rawValue: name) { return .field(field) }
            return picture(name, at: offset, in: node, pictures: ["image", "images", "mask"])
        }
    }

    private func picture(_ name: String, at offset: Int, in node: ConfigNode, pictures: [String]) -> Variable? {
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let choice: PictureChoice? =
            switch parts[0] {
            case "image": .current
            case "images" where pictures.contains("images"): .all
            case "mask" where pictures.contains("mask"): .mask
            case let text where text.hasPrefix("images[") && text.hasSuffix("]") && pictures.contains("images"):
                Int(text.dropFirst(7).dropLast()).flatMap { (0..<16).contains($0) ? .at($0) : nil }
            default: nil
            }
        guard let choice else { return unknown(name, at: offset, in: node, among: names) }
        guard parts.count == 2, let form = PictureForm(rawValue: parts[1]) else {
            let forms = PictureForm.allCases.map(\.rawValue)
            let hint =
                parts.count == 2
                ? Suggestion.hint(for: parts[1], among: forms) : "such as {\(parts[0]).base64} or {\(parts[0]).file}"
            let place = parts.count == 2 ? offset + parts[0].unicodeScalars.count + 1 : offset
            notes.add(node.error(at: place, "a picture has no form '\(parts.count == 2 ? parts[1] : "")'", hint: hint))
            return nil
        }
        return .picture(choice, form)
    }

    private func unknown(_ name: String, at offset: Int, in node: ConfigNode, among names: [String]) -> Variable? {
        let hint = Suggestion.hint(for: name, among: names, listed: "known:")
        notes.add(node.error(at: offset, "unknown variable '\(name)'", hint: hint))
        return nil
    }

    /// All names, the pictures by their usual forms.
    private var names: [String] {
        switch place {
        case .upload: ["image.file", "image.base64", "image.media_type"]
        case .work, .item, .request:
            declared + RequestField.allCases.map(\.rawValue) + ["image.…", "images.…", "images[0].…", "mask.…"]
        }
    }

    private func isAvailable(_ variable: Variable) -> Bool {
        guard case .request(let operation) = place, case .picture(let choice, _) = variable else { return true }
        return switch operation {
        case .generate: false
        case .edit: true
        case .variation: choice != .mask
        }
    }
}
