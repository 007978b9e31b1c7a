import Testing

@testable import Orchestrator

@Suite struct AlertBoardTests {
    private static let down = AlertKey(.providerDown, "openai")
    private static let disk = AlertKey(.lowDisk, "data")

    private static func finding(_ key: AlertKey) -> AlertFinding {
        AlertFinding(key, value: "1", threshold: "1", message: "it is so")
    }

    /// What is told over a row of looks, each with the conditions that hold; whoever is told takes it at once.
    private func told(_ looks: [[AlertKey]], before open: [OpenAlert] = [], known: Bool = true) -> [String] {
        var board = AlertBoard(open)
        var told: [String] = []
        for (second, holding) in looks.enumerated() {
            let now = Timestamp(milliseconds: Int64(second) * 1000)
            _ = board.update(holding.map(Self.finding), isKnown: { _ in known }, now: now)
            for alert in board.untold {
                told.append("\(second) \(alert.stage) \(alert.key.rule.rawValue)")
                #expect(board.tell(alert.key) != nil)
            }
            #expect(board.untold.isEmpty)
        }
        return told
    }

    @Test func `a condition is told once when it begins and once when it is over`() {
        #expect(
            told([[], [Self.down], [Self.down], [Self.down], [], []]) == [
                "1 fresh provider_down", "4 over provider_down",
            ]
        )
        #expect(
            told([[Self.down, Self.disk], [Self.disk], [Self.disk, Self.down]]) == [
                "0 fresh low_disk", "0 fresh provider_down", "1 over provider_down", "2 fresh provider_down",
            ]
        )
    }

    @Test func `what was told before a restart is not told again, and over only once that is known`() {
        let open = [OpenAlert(key: Self.down, since: Timestamp(milliseconds: 0), stage: .told)]
        #expect(told([[Self.down], [Self.down]], before: open).isEmpty)
        #expect(told([[], []], before: open, known: false).isEmpty)
        #expect(told([[], []], before: open) == ["0 over provider_down"])
        let fresh = [OpenAlert(key: Self.down, since: Timestamp(milliseconds: 0), stage: .fresh)]
        #expect(told([[Self.down]], before: fresh) == ["0 fresh provider_down"])
    }

    @Test func `what nobody could be told of, and that is over, is never told`() {
        var board = AlertBoard([])
        let now = Timestamp(milliseconds: 0)
        let begun = board.update([Self.finding(Self.down)], isKnown: { _ in true }, now: now)
        #expect(begun == [.keep(OpenAlert(key: Self.down, since: now, stage: .fresh))])
        #expect(board.update([], isKnown: { _ in true }, now: now) == [.forget(Self.down)])
        #expect(board.untold.isEmpty && board.open.isEmpty)
        // And what was over, unheard, and holds again, is as if it had held on.
        _ = board.update([Self.finding(Self.down)], isKnown: { _ in true }, now: now)
        _ = board.tell(Self.down)
        _ = board.update([], isKnown: { _ in true }, now: now)
        #expect(board.untold.count == 1)
        _ = board.update([Self.finding(Self.down)], isKnown: { _ in true }, now: now)
        #expect(board.untold.isEmpty && board.open[Self.down]?.stage == .told)
    }
}
