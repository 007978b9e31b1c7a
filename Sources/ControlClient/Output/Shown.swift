internal import CommandLineInterface

/// Foreign text as a terminal may get it: what others wrote must not move the cursor, change colours or turn the line.
enum Shown {
    /// On one line.
    static func line(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: result.append(" ")
            case .surrogate, .unassigned, .privateUse: result.append("\u{FFFD}")
            // Joiners hold emoji together; the others of this class turn text around or hide it.
            case .format: if scalar.value == 0x200D { result.append(scalar) }
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// On one line of at most so many cells.
    static func line(_ text: String, atMost width: Int) -> String {
        let plain = line(text)
        guard DisplayWidth.of(plain) > width else { return plain }
        var (result, used) = ("", 0)
        for character in plain {
            used += DisplayWidth.of(character)
            guard used < width else { break }
            result.append(character)
        }
        return result + "…"
    }
}
