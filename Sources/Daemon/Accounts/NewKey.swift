import Orchestrator
import Persistence

/// Draws new keys.
enum NewKey {
    /// 40 characters of base 32 are 200 random bits.
    private static let length = 40
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    private static let shownPrefix = 12

    /// A key's text, which is kept nowhere, and its record.
    static func make(owner: UserID, name: String, time: any TimeSource) -> (text: String, record: KeyRecord) {
        let random = SecureRandom().bytes(length)
        let text = "ork_" + String(decoding: random.map { alphabet[Int($0 & 31)] }, as: UTF8.self)
        return (text, record(of: text, owner: owner, name: name, time: time))
    }

    /// The record of a key whose text is given.
    static func record(of text: String, owner: UserID, name: String, time: any TimeSource) -> KeyRecord {
        KeyRecord(
            id: time.makeID(),
            owner: owner,
            name: name,
            prefix: String(text.prefix(shownPrefix)),
            hash: SHA256.hex(of: text),
            created: time.now()
        )
    }
}
