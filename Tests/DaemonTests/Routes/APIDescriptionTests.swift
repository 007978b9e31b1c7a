import Orchestrator
import Testing
import Transport

@testable import Daemon

/// The API description against the routes that it describes.
@Suite struct APIDescriptionTests {
    private let document = OpenAPIDocument(Daemon.routes.routes, server: "http://test.invalid", policies: ["price"])

    @Test func `every route is described, and nothing that is no route`() {
        let routes = Set(Daemon.routes.routes.map { RouteName($0) })
        let described = Set(RouteDescription.all.keys)
        #expect(routes.subtracting(described).map(\.description).sorted() == [])
        #expect(described.subtracting(routes).map(\.description).sorted() == [])
    }

    @Test func `the document has every route once, under a name of its own`() {
        let operations = (document.json["paths"]?.object ?? [:]).flatMap { path, item in
            (item.object ?? [:]).map { (path: path, method: $0.key, operation: $0.value) }
        }
        #expect(operations.count == Daemon.routes.routes.count)
        let names = operations.compactMap { $0.operation["operationId"]?.string }
        #expect(Set(names).count == operations.count)
    }

    @Test func `every reference leads somewhere`() {
        var references: Set<String> = []
        collect(document.json, into: &references)
        let schemas = Set(document.json["components"]?["schemas"]?.object?.keys ?? [])
        for reference in references {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            #expect(reference == "#/components/schemas/" + name && schemas.contains(name), "\(reference)")
        }
        #expect(schemas.subtracting(references.map { String($0.split(separator: "/").last ?? "") }) == [])
    }

    @Test func `a route that wants a key says so, and how it refuses`() {
        for route in Daemon.routes.routes {
            let path = route.path.hasSuffix("*") ? String(route.path.dropLast()) : route.path
            let operation = document.json["paths"]?[path]?[route.method.rawValue.lowercased()]
            let security = operation?["security"]?.array ?? []
            #expect(
                security.isEmpty
                    || security.contains(.object([:])) == (route.access == .adminOrLoopback || route.access == .anyone)
            )
            #expect((operation?["responses"]?["401"] == nil) == (route.access == .anyone))
        }
    }

    private func collect(_ value: JSON, into references: inout Set<String>) {
        if let name = value["$ref"]?.string { references.insert(name) }
        for (_, member) in value.object ?? [:] { collect(member, into: &references) }
        for element in value.array ?? [] { collect(element, into: &references) }
    }
}
