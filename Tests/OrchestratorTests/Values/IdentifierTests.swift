import Orchestrator
import Randomness
import Testing

@Suite struct IdentifierTests {
    @Test func `ids sort in the order of their making`() {
        var random = SeededRandom(seed: 13)
        var previous = JobID(time: Timestamp(milliseconds: 0), random: (.max, .max))
        var milliseconds: Int64 = 0
        for _ in 0..<2000 {
            milliseconds += Int64.random(in: 1...1_000_000_000, using: &random)
            let id = JobID(time: Timestamp(milliseconds: milliseconds), random: (random.next(), random.next()))
            #expect(previous < id)
            previous = id
        }
    }

    @Test func `an id reads back as itself and as no other kind`() {
        var random = SeededRandom(seed: 14)
        for _ in 0..<500 {
            let time = Timestamp(milliseconds: Int64.random(in: 0...(1 << 48) - 1, using: &random))
            let id = ImageID(time: time, random: (random.next(), random.next()))
            #expect(id.text.utf8.count == 30)
            #expect(ImageID(id.text) == id)
            #expect(JobID(id.text) == nil && KeyID(id.text) == nil && UserID(id.text) == nil)
        }
    }

    @Test func `all of the chance goes into the id`() {
        let time = Timestamp(milliseconds: 1_700_000_000_000)
        let ids = Set(
            (0..<40).flatMap { bit in
                [JobID(time: time, random: (1 << bit, 0)), JobID(time: time, random: (0, 1 << bit))]
            }
        )
        #expect(ids.count == 80)
    }

    static let good = "job_01jd7m3x9k2v5w8y0a4c6e8g1h"

    @Test(arguments: [
        "", "job", "job_", "job-01jd7m3x9k2v5w8y0a4c6e8g1h", "img_01jd7m3x9k2v5w8y0a4c6e8g1h",
        "JOB_01jd7m3x9k2v5w8y0a4c6e8g1h", "job_01JD7M3X9K2V5W8Y0A4C6E8G1H", "job_01jd7m3x9k2v5w8y0a4c6e8g1",
        "job_01jd7m3x9k2v5w8y0a4c6e8g1hh", "job_01jd7m3x9k2v5w8y0a4c6e8g1i", "job_01jd7m3x9k2v5w8y0a4c6e8g1l",
        "job_01jd7m3x9k2v5w8y0a4c6e8g1o", "job_01jd7m3x9k2v5w8y0a4c6e8g1u", "job_01jd7m3x9k2v5w8y0a4c6e8g1/",
        "job_../../../../../etc/passwd0", "job_01jd7m3x9k2v5w8y0a4c6e8g\u{0}h", " job_01jd7m3x9k2v5w8y0a4c6e8g1h",
        "job_01jd7m3x9k2v5w8y0a4c6e8é", "jobb01jd7m3x9k2v5w8y0a4c6e8g1h",
    ])
    func `anything but an id is refused`(text: String) {
        #expect(JobID(Self.good) != nil)
        #expect(JobID(text) == nil)
    }
}
