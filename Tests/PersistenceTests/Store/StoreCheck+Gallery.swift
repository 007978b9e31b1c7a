import Orchestrator
import Testing

// MARK: - Gallery

extension StoreCheck {
    /// A job that has ended at `time` and is on record with its pictures, all public.
    private static func show(
        _ store: any Store,
        _ generator: inout JobGenerator,
        pictures: Int = 1,
        at time: Timestamp?,
        inGallery: Bool = true
    ) async throws -> JobRecord {
        var job = generator.job(status: .queued)
        job.images = []
        try await store.accept(job)
        job.status = .succeeded
        job.finished = time
        job.images = (0..<pictures).map { index in
            var image = generator.image(of: job, index)
            image.isPublic = true
            return image
        }
        try await store.finish(job, inGallery: inGallery)
        return job
    }

    private static func entries(_ store: any Store) async throws -> [GalleryEntry] {
        try await store.gallery(before: nil, limit: 100)
    }

    static let gallery = [
        StoreCheck("pictures get the time of their job's end, and never one that is taken") { store in
            var generator = JobGenerator(seed: 30)
            let time = Timestamp(milliseconds: 1_800_000_000_000)
            var shown: [ImageID] = []
            // The clock stands still, goes on, and goes back.
            for offset in [0, 0, 10, -5000] as [Int64] {
                let end = Timestamp(milliseconds: time.milliseconds + offset)
                shown += try await show(store, &generator, pictures: 2, at: end).images.map(\.id)
            }
            let found = try await entries(store)
            #expect(found.map(\.image.id) == shown.reversed())
            #expect(found.reversed().map { $0.time.milliseconds - time.milliseconds } == [0, 1, 2, 3, 10, 11, 12, 13])
        },
        StoreCheck("a gallery entry is found by its time and by its picture, whole") { store in
            var generator = JobGenerator(seed: 31)
            let job = try await show(store, &generator, at: Timestamp(milliseconds: 5))
            let image = try #require(job.images.first)
            for entry in [
                try await store.galleryEntry(at: Timestamp(milliseconds: 5)),
                try await store.galleryEntry(of: image.id), try await entries(store).first,
            ] {
                #expect(entry?.time == Timestamp(milliseconds: 5))
                #expect(entry.map { String(reflecting: $0.image) } == String(reflecting: image))
            }
            let none = try await store.galleryEntry(at: Timestamp(milliseconds: 6))
            #expect(none == nil)
        },
        StoreCheck("a job without a place in the gallery, or with a second end, adds nothing to it") { store in
            var generator = JobGenerator(seed: 32)
            let outside = try await show(store, &generator, at: Timestamp(milliseconds: 1), inGallery: false)
            #expect(try await entries(store).isEmpty)
            let image = try #require(outside.images.first)
            let entry = try await store.galleryEntry(of: image.id)
            #expect(entry == nil)
            let inside = try await show(store, &generator, at: Timestamp(milliseconds: 2))
            try await store.finish(inside, inGallery: true)
            try await store.finish(outside, inGallery: true)
            #expect(try await entries(store).map(\.image.id) == inside.images.map(\.id))
        },
        StoreCheck("a picture that is hidden or removed leaves the gallery, and its time stays its own") { store in
            var generator = JobGenerator(seed: 33)
            let time = Timestamp(milliseconds: 7)
            let job = try await show(store, &generator, pictures: 3, at: time)
            let ids = job.images.map(\.id)
            _ = try await store.setVisibility(ids[1], isPublic: false)
            #expect(try await entries(store).map(\.image.id) == [ids[2], ids[0]])
            let hidden = try await store.galleryEntry(of: ids[1])
            #expect(hidden == nil)
            _ = try await store.deleteImage(ids[2])
            #expect(try await entries(store).map(\.image.id) == [ids[0]])
            let next = try await show(store, &generator, at: time)
            #expect(try await entries(store).first?.image.id == next.images.first?.id)
            #expect(try await entries(store).first?.time == Timestamp(milliseconds: 10))
            let removed = try await store.galleryEntry(at: Timestamp(milliseconds: 9))
            #expect(removed == nil)
            _ = try await store.setVisibility(ids[1], isPublic: true)
            #expect(try await store.galleryEntry(of: ids[1])?.time == Timestamp(milliseconds: 8))
        },
        StoreCheck("jobs that end together get times of their own, and pages of 150 follow without gap") { store in
            var generator = JobGenerator(seed: 34)
            var jobs: [JobRecord] = []
            for _ in 0..<150 {
                var job = generator.job(status: .queued)
                job.images = []
                try await store.accept(job)
                job.status = .succeeded
                job.finished = Timestamp(milliseconds: 1000)
                var image = generator.image(of: job, 0)
                image.isPublic = true
                job.images = [image]
                jobs.append(job)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for job in jobs { group.addTask { try await store.finish(job, inGallery: true) } }
                try await group.waitForAll()
            }
            var (seen, last) = ([GalleryEntry](), Timestamp?.none)
            while true {
                let page = try await store.gallery(before: last, limit: 100)
                if page.isEmpty { break }
                seen += page
                last = page.last?.time
            }
            #expect(seen.map(\.time.milliseconds) == (1000..<1150).reversed())
            #expect(Set(seen.map(\.image.id)) == Set(jobs.flatMap { $0.images.map(\.id) }))
        },
    ]
}
