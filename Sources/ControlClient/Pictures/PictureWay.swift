internal import CommandLineInterface

/// How a picture shows in the terminal.
enum PictureWay: String {
    /// Kitty's graphics protocol, which Ghostty, WezTerm and Konsole know as well.
    case kitty
    /// The inline images of iTerm2.
    case iterm
    /// DEC's six-pixel-high strips.
    case sixel
    /// Two pixels a cell, as coloured half blocks: any terminal with colours.
    case blocks
    case none

    static let names = ["auto", "kitty", "iterm", "sixel", "blocks", "none"]

    /// What was asked for; by itself only where standard output is a terminal that people look at.
    init(_ call: Invocation) {
        let asked = call.arguments["show"] ?? "auto"
        guard asked == "auto" else {
            self = call.isJSON ? .none : PictureWay(rawValue: asked) ?? .none
            return
        }
        let isPlain = call.environment["NO_COLOR"]?.isEmpty == false || call.environment["TERM"] == "dumb"
        guard Terminal.showsOutput, !call.isJSON, !isPlain else {
            self = .none
            return
        }
        self = PictureWay.known(call.environment) ?? PictureWay.answered()
    }

    /// What the environment says about terminals that name themselves there.
    static func known(_ environment: [String: String]) -> PictureWay? {
        // A multiplexer passes on the names of a terminal and not its pictures.
        guard environment["TMUX"] == nil, environment["STY"] == nil else { return .blocks }
        if environment["KITTY_WINDOW_ID"] != nil || environment["TERM"] == "xterm-kitty" { return .kitty }
        switch environment["TERM_PROGRAM"] ?? environment["LC_TERMINAL"] {
        case "ghostty"?, "WezTerm"?: return .kitty
        case "iTerm.app"?, "iTerm2"?: return .iterm
        default: return nil
        }
    }

    /// What the terminal itself answers: to kitty's question, then to that for its attributes, which all answer.
    private static func answered() -> PictureWay {
        let question = "\u{1B}_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\u{1B}\\\u{1B}[c"
        return meant(by: Terminal.answer(to: question, end: "c"))
    }

    static func meant(by answer: String) -> PictureWay {
        if answer.contains("_Gi=31;OK") { return .kitty }
        // Primary device attributes: `ESC [ ? 6 2 ; 4 ; … c`, 4 being sixel graphics.
        guard let start = answer.firstRange(of: "\u{1B}[?")?.upperBound else { return .blocks }
        let attributes = answer[start...].prefix { $0 != "c" }.split(separator: ";").dropFirst()
        return attributes.contains("4") ? .sixel : .blocks
    }
}
