import Testing

@testable import Orchestrator

@Suite struct PollPaceTests {
    static let paces: [(Int, Int64)] = [
        (0, 500), (1, 500), (2, 750), (3, 1125), (6, 3796), (7, 5000), (1000, 5000), (.max, 5000),
    ]

    @Test(arguments: paces)
    func `pauses grow by half up to the longest`(poll: Int, milliseconds: Int64) {
        #expect(PollPace().pause(before: poll).milliseconds == milliseconds)
    }

    @Test func `a first pause over the longest is cut to it`() {
        var pace = PollPace()
        pace.first = .seconds(9)
        #expect(pace.pause(before: 1) == .seconds(5))
    }
}

@Suite struct FreeSizesTests {
    static let sizes: [(String, Bool)] = [
        ("1024x1024", true), ("3840x2160", true), ("3840x1280", true), ("3840x1264", false), ("1025x1024", false),
        ("800x800", false), ("816x816", true), ("3856x2144", false), ("2880x2896", false), ("2880x2880", true),
    ]

    @Test(arguments: sizes)
    func `a model takes the sizes within its bounds`(text: String, isTaken: Bool) {
        #expect(ShapeMappingTests.free.contains(size(text)) == isTaken)
    }

    @Test func `without bounds every size is taken`() {
        #expect(FreeSizes().contains(size("1x65535")) && FreeSizes().contains(size("65535x65535")))
    }
}
