import Orchestrator
import Testing

// MARK: - Search

extension StoreCheck {
    /// Prompts that a search must tell apart, each with what made its picture.
    private static let shelf: [(prompt: String, provider: String, model: String)] = [
        ("A red fox in the snow", "openai", "gpt-image-2"), ("a blue heron", "stability", "core"),
        ("100% cotton, hand_made", "replicate", "black-forest-labs/flux-schnell"),
        ("größe und Straße", "openai", "gpt-image-2"),
        ("FOXGLOVE \\ \"quoted\" 'and' so on", "stability", "ultra"), ("", "sandbox", "core"),
    ]

    /// A text, and which of the shelf have it, newest first.
    private static let texts: [(text: String, found: [Int])] = [
        ("fox", [4, 0]), ("FOX", [4, 0]), ("a ", [1, 0]), ("heron", [1]), ("%", [2]), ("_", [2]), ("100%", [2]),
        ("0_", []),
        ("\\", [4]), ("\"", [4]), ("'", [4]), ("' OR 1=1 --", []), ("größe", [3]), ("nothing", []), ("*", []),
        ("fox%snow", []),
        ("Fox In The", [0]),
    ]

    private static let models: [(model: String, found: [Int])] = [
        ("core", [5, 1]), ("stability/core", [1]), ("gpt-image-2", [3, 0]), ("openai/gpt-image-2", [3, 0]),
        ("black-forest-labs/flux-schnell", [2]), ("replicate/black-forest-labs/flux-schnell", [2]),
        ("flux-schnell", []),
        ("cor", []), ("%", []), ("", []),
    ]

    /// A job and its picture for each of the shelf, oldest first.
    private static func fill(
        _ store: any Store,
        _ generator: inout JobGenerator
    ) async throws -> (jobs: [JobRecord], times: [Timestamp]) {
        var (jobs, times): ([JobRecord], [Timestamp]) = ([], [])
        for entry in shelf {
            var job = generator.job(status: .queued)
            job.request = ["prompt": .string(entry.prompt), "model": .string(entry.model)]
            job.images = []
            try await store.accept(job)
            job.status = .succeeded
            job.finished = job.created
            var image = generator.image(of: job, 0)
            (image.provider, image.model, image.isPublic) = (entry.provider, entry.model, true)
            image.id = generator.id()
            times.append(generator.now)
            job.images = [image]
            try await store.finish(job)
            jobs.append(job)
        }
        return (jobs, times)
    }

    static let search = [
        StoreCheck("pictures and jobs are found by words of their prompt, as they stand and in any case") { store in
            var generator = JobGenerator(seed: 70)
            let (jobs, _) = try await fill(store, &generator)
            for (text, found) in texts {
                var pictures = ImageQuery()
                pictures.text = text
                let shown = try await store.images(pictures).map(\.image.job)
                #expect(shown == found.map { jobs[$0].id }, "'\(text)'")
                #expect(try await store.imageCount(pictures) == found.count, "'\(text)'")
                var query = JobQuery()
                query.text = text
                #expect(try await store.jobs(query).map(\.id) == found.map { jobs[$0].id }, "'\(text)'")
            }
        },
        StoreCheck("pictures are found by what made them, alone and with its provider") { store in
            var generator = JobGenerator(seed: 71)
            let (jobs, _) = try await fill(store, &generator)
            for (model, found) in models {
                var query = ImageQuery()
                query.model = model
                #expect(try await store.images(query).map(\.image.job) == found.map { jobs[$0].id }, "'\(model)'")
                #expect(try await store.imageCount(query) == found.count, "'\(model)'")
            }
        },
        StoreCheck("a period has its first moment and not its last, and narrows whatever else is asked") { store in
            var generator = JobGenerator(seed: 72)
            let (jobs, times) = try await fill(store, &generator)
            for first in times.indices {
                for last in first..<times.count {
                    var query = ImageQuery()
                    (query.from, query.to) = (times[first], times[last])
                    let expected = (first..<last).reversed().map { jobs[$0].id }
                    #expect(try await store.images(query).map(\.image.job) == expected)
                    #expect(try await store.imageCount(query) == expected.count)
                }
            }
            var narrow = ImageQuery()
            (narrow.text, narrow.from) = ("fox", times[1])
            #expect(try await store.images(narrow).map(\.image.job) == [jobs[4].id])
            narrow.model = "core"
            #expect(try await store.images(narrow).isEmpty)
            // Pages of what was found, and nothing of what is hidden.
            var page = ImageQuery()
            (page.text, page.limit) = ("fox", 1)
            let first = try await store.images(page)
            page.after = first.first?.image.id
            #expect(try await store.images(page).map(\.image.job) == [jobs[0].id])
            _ = try await store.setVisibility(try #require(first.first?.image.id), isPublic: false)
            page.after = nil
            #expect(try await store.images(page).map(\.image.job) == [jobs[0].id])
            #expect(try await store.imageCount(page) == 1)
        },
    ]
}
