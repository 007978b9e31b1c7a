import Testing

@testable import Orchestrator

@Suite struct CSVTableTests {
    @Test func `cells are quoted where they must be, and no text is a formula`() throws {
        var table = CSVTable(columns: ["a", "b.c", "d"])
        let rows: [JSON] = [
            ["a": "plain", "b": ["c": 5], "d": true], ["a": "two, with \"quotes\"\nand lines", "b": ["c": -5]],
            ["a": "=1+1", "b": ["c": "-0.25"], "d": "-x"], ["a": "@cmd", "d": "+"], ["a": .null, "b": .null],
        ]
        for row in rows { table.append(row) }
        let text = String(decoding: table.content, as: UTF8.self)
        #expect(
            text == "a,b.c,d\r\nplain,5,true\r\n\"two, with \"\"quotes\"\"\nand lines\",-5,\r\n"
                + "'=1+1,-0.25,'-x\r\n'@cmd,,'+\r\n,,\r\n"
        )
        let read = try CSVReader.rows(table.content)
        #expect(read[2] == ["two, with \"quotes\"\nand lines", "-5", ""] && read.count == 6)
    }

    @Test func `other programs' files are read, whatever they put between cells and lines`() throws {
        let expected = [["a", "b"], ["1", "2;3"]]
        #expect(try CSVReader.rows(Array("a,b\n1,2;3".utf8)) == expected)
        #expect(try CSVReader.rows([0xEF, 0xBB, 0xBF] + Array("a;b\r\n\r\n1;\"2;3\"\r\n".utf8)) == expected)
        #expect(try CSVReader.rows([]).isEmpty)
    }
}
