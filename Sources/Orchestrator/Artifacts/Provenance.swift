/// What the file of a picture says about how it came about.
package enum Provenance: String, Sendable, CaseIterable {
    /// A C2PA manifest is in it, or named by it; its signature was not checked.
    case c2pa
    /// No manifest, but the IPTC digital source type in its XMP packet.
    case iptc
}

/// What is done to the files of pictures that say nothing about how they came about: the setting `server.provenance`.
package enum ProvenanceMarking: String, Sendable, CaseIterable {
    /// They stay as they are.
    case keep
    /// They get the IPTC digital source type for what a generative model has made.
    case embed
}

extension ImageFacts {
    package var provenance: Provenance? {
        if hasC2PA { return .c2pa }
        return hasDigitalSourceType ? .iptc : nil
    }
}
