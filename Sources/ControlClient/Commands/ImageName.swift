internal import Orchestrator

/// An image as people name it: by its id, or by the beginning of one that no other has.
struct ImageName {
    private let text: String

    private static let pageSize = 100
    /// A hundred thousand images on either list: far from any gallery that people go through by hand.
    private static let mostPages = 1000

    private static let mark = ImageID.prefix + "_"

    /// The mark before every image's id may be left out.
    init(_ text: String) { self.text = text.hasPrefix(Self.mark) ? text : Self.mark + text }

    /// The whole id; refuses a beginning that several images share.
    func resolved(_ api: API) throws(CommandFailure) -> String {
        if ImageID(text) != nil { return text }
        guard text.count > Self.mark.count, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .misuse("'\(text)' is no image's id, nor the beginning of one")
        }
        var found: Set<String> = []
        // Those that are private stand on the one list, those of others on the other.
        for list in [Gallery.mine(api), Gallery.everybodys(api)] {
            guard var list else { continue }
            var pages = 0
            while found.count < 2, pages < Self.mostPages, let page = try list.next(Self.pageSize) {
                for image in page {
                    if let id = image["id"]?.string, id.hasPrefix(text) { found.insert(id) }
                }
                pages += 1
            }
        }
        guard found.count < 2 else { throw .failure("several images begin with '\(text)': say more of the id") }
        guard let id = found.first else { throw .failure("no image begins with '\(text)'") }
        return id
    }
}

/// One of the server's lists of images, page after page, newest first.
struct Gallery {
    private let api: API
    private let path: String
    /// The last image seen.
    private var last: String?
    private var isAtEnd = false

    /// What everybody may see.
    static func everybodys(_ api: API) -> Gallery? { Gallery(api, "/v1/images") }

    /// What the caller owns; nil without a key that says who that is.
    static func mine(_ api: API) -> Gallery? {
        guard let me = try? api.get("/v1/auth/me"), let id = me["id"]?.string else { return nil }
        return Gallery(api, "/v1/images/user/\(API.escaped(id))")
    }

    private init(_ api: API, _ path: String) {
        self.api = api
        self.path = path
    }

    /// The next images; nil at the end.
    mutating func next(_ limit: Int) throws(CommandFailure) -> [JSON]? {
        guard !isAtEnd else { return nil }
        let answer = try page(limit, page: nil, after: last)
        let images = answer.list("data")
        last = images.last?["id"]?.string
        isAtEnd = answer["has_more"]?.bool != true || last == nil
        return images
    }

    /// One page, by its number or by the image before it.
    func page(_ limit: Int, page: Int?, after: String?) throws(CommandFailure) -> JSON {
        try api.get(path, [("limit", "\(limit)"), ("page", page.map { "\($0)" }), ("after", after)])
    }
}
