internal import Orchestrator

/// Keeps a picture from being removed by one daemon while another stores or renews it.
///
/// S3 cannot remove an object on the condition that it is still as old as it was. So whoever removes leaves a mark first,
/// then looks at the object's age, removes it, and takes its mark away; whoever stores an object waits until there is no mark
/// for it, then looks whether the object is there. Had the remover looked before the object was stored, its mark was there
/// before that too: the other one sees the mark, or comes after all was done and sees that the object is gone. Had it looked
/// later, it saw a young object and left it alone.
struct S3Removals: Sendable {
    /// A mark older than this is of a daemon that died, as no request takes so long.
    private static let longest = Duration.seconds(60)
    private static let pause = Duration.milliseconds(100)

    let client: S3Client
    let services: S3Services

    private static func prefix(_ digest: String) -> String { "removals/\(digest)/" }

    /// Does the removal under a mark. Where that ends in doubt the mark stays until it is too old to count.
    func during(
        _ digest: String,
        _ body: () async throws(S3Error) -> Bool
    ) async throws(S3Error) -> Bool {
        let key = Self.prefix(digest) + String(services.time.random(), radix: 16)
        var mark = S3Request(.put, key, what: "announcing a removal")
        mark.headers = [(name: "content-type", value: "application/octet-stream")]
        mark.body = .empty
        _ = try await client.perform(mark)
        let isRemoved = try await body()
        // One that stays is only looked at once more by whoever stores the same picture.
        _ = try? await client.perform(S3Request(.delete, key, what: "ending a removal"))
        return isRemoved
    }

    /// Returns when nobody removes the picture; to be called when it has been stored, and before one looks whether it is there.
    func passed(_ digest: String) async throws(S3Error) {
        var list = S3Request(.get, what: "looking for removals")
        list.query = [(name: "list-type", value: "2"), (name: "prefix", value: Self.prefix(digest))]
        while true {
            let reply = try await client.perform(list)
            let marks = reply.document.elements("Contents")
            if marks.isEmpty { return }
            let now = reply["date"].flatMap { Timestamp(httpDate: $0) } ?? services.time.now()
            var isOver = true
            for mark in marks {
                guard let key = mark["Key"], let made = mark["LastModified"].flatMap({ Timestamp($0) }) else {
                    continue
                }
                if made + Self.longest < now {
                    _ = try? await client.perform(S3Request(.delete, key, what: "ending a removal"))
                } else {
                    isOver = false
                }
            }
            if isOver { return }
            do throws(CancellationError) {
                try await services.time.sleep(for: Self.pause)
            } catch {
                throw S3Error(.cancelled, "storing a picture: cancelled")
            }
        }
    }
}
