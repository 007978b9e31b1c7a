import Orchestrator
import Testing

@testable import Daemon

@Suite struct ImageLinksTests {
    private let links = ImageLinks(
        publicURL: "https://here.example",
        secret: Array("a secret of thirty-two bytes....".utf8)
    )
    private let made = Timestamp(milliseconds: 1_795_255_200_000)

    private func image(isPublic: Bool = false) -> ImageRecord {
        ImageRecord(
            id: ImageID(time: made, random: (1, 2)),
            job: JobID(time: made, random: (1, 2)),
            owner: UserID(time: made, random: (1, 2)),
            index: 0,
            created: made,
            digest: "d",
            facts: ImageFacts(format: .jpeg, width: 1, height: 1, hasAlpha: false, byteCount: 1),
            size: .usual,
            provider: "a",
            model: "m",
            tier: .low,
            cost: .zero,
            isPublic: isPublic
        )
    }

    private struct Link {
        var path: String
        var expires: String
        var signature: String
    }

    private func link(now: Timestamp) throws -> Link {
        let text = links.link(to: image(), now: now)
        let parts = text.dropFirst("https://here.example".count).split(separator: "?")
        let query = try #require(parts.last).split(separator: "&").map {
            $0.split(separator: "=").last.map(String.init) ?? ""
        }
        try #require(parts.count == 2 && query.count == 2)
        return Link(path: String(parts[0]), expires: query[0], signature: query[1])
    }

    private func isValid(_ link: Link, at now: Timestamp) -> Bool {
        links.isValid(path: link.path, expires: link.expires, signature: link.signature, now: now)
    }

    @Test func `a public picture's link carries nothing`() {
        #expect(links.link(to: image(isPublic: true), now: made) == "https://here.example/images/\(image().id).jpg")
    }

    @Test func `a private picture's link is good for a week, and the same all the while`() throws {
        let link = try link(now: made)
        #expect(isValid(link, at: made))
        #expect(isValid(link, at: made + .seconds(7 * 86_400 - 1)))
        #expect(!isValid(link, at: made + .seconds(7 * 86_400)))
        #expect(links.link(to: image(), now: made + .seconds(86_400)) == links.link(to: image(), now: made))
    }

    @Test func `a link that is asked for later is good for at least a day from then`() throws {
        for days in [7, 8, 400] {
            let now = made + .seconds(days * 86_400)
            let link = try link(now: now)
            #expect(isValid(link, at: now + .seconds(86_400)) && !isValid(link, at: now + .seconds(2 * 86_400)))
        }
    }

    @Test func `a change of any character is found`() throws {
        let good = try link(now: made)
        for field in [\Link.path, \.expires, \.signature] {
            let text = good[keyPath: field]
            for offset in 0..<text.count {
                for other in ["0", "1", "f", "A", "/", "+", " ", "é", ""] {
                    let index = text.index(text.startIndex, offsetBy: offset)
                    var changed = text
                    changed.replaceSubrange(index...index, with: other)
                    guard changed != text else { continue }
                    var link = good
                    link[keyPath: field] = changed
                    #expect(!isValid(link, at: made), "\(changed)")
                }
            }
            for changed in [text + "0", "0" + text, text + text, "", text.uppercased() + "0"] {
                var link = good
                link[keyPath: field] = changed
                #expect(!isValid(link, at: made), "\(changed)")
            }
        }
        #expect(!links.isValid(path: good.path, expires: nil, signature: good.signature, now: made))
        #expect(!links.isValid(path: good.path, expires: good.expires, signature: nil, now: made))
    }

    @Test func `another secret's signature is none`() throws {
        let link = try link(now: made)
        let other = ImageLinks(publicURL: links.publicURL, secret: Array("another".utf8))
        #expect(!other.isValid(path: link.path, expires: link.expires, signature: link.signature, now: made))
    }
}
