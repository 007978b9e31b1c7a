import Testing

@testable import Daemon

@Suite struct UserCodeTests {
    @Test func `a code has eight letters that nobody mistakes for others, and none comes twice`() throws {
        var codes = Set<String>()
        for _ in 0..<1000 {
            let code = UserCode.make()
            #expect(try /[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}/.wholeMatch(in: code) != nil)
            #expect(UserCode.read(code) == code)
            codes.insert(code)
        }
        #expect(codes.count == 1000)
    }

    static let typed = [
        ("wdjb-mjht", "WDJB-MJHT"), ("WDJBMJHT", "WDJB-MJHT"), (" wd jb-mj ht ", "WDJB-MJHT"),
        ("W-D-J-B-M-J-H-T", "WDJB-MJHT"),
        ("WDJB-MJH", nil), ("WDJB-MJHTT", nil), ("WDJB-MJHA", nil), ("WDJB-MJH1", nil), ("", nil), ("WDJB_MJHT", nil),
        (String(repeating: "-", count: 100) + "WDJBMJHT", nil), ("WDJB-MJHŦ", nil),
    ]

    @Test(arguments: typed)
    func `what is typed is read without regard to case and dashes`(text: String, expected: String?) {
        #expect(UserCode.read(text) == expected)
    }
}
