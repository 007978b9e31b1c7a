import Orchestrator
import Testing
import Transport

@testable import Daemon

@Suite struct RouteTableTests {
    private static func route(_ method: HTTPMethod, _ path: String) -> Route {
        Route(method, path, .anyone, path) { _ async throws(APIError) in HTTPResponse(status: 204) }
    }

    static let table = RouteTable([
        route(.get, "/"), route(.get, "/v1/jobs"), route(.post, "/v1/jobs"), route(.get, "/v1/jobs/{id}"),
        route(.delete, "/v1/jobs/{id}"), route(.get, "/v1/jobs/{id}/events"), route(.get, "/v1/jobs/latest"),
        route(.get, "/v1/models/{name}*"), route(.put, "/v1/images/{id}/visibility"), route(.post, "/v1/only"),
    ])

    static let found: [(HTTPMethod, String, String, [String])] = [
        (.get, "/", "/", []), (.get, "/v1/jobs", "/v1/jobs", []), (.post, "/v1/jobs", "/v1/jobs", []),
        (.head, "/v1/jobs", "/v1/jobs", []), (.get, "/v1/jobs/job_1", "/v1/jobs/{id}", ["job_1"]),
        (.delete, "/v1/jobs/job_1", "/v1/jobs/{id}", ["job_1"]), (.get, "/v1/jobs/latest", "/v1/jobs/latest", []),
        (.get, "/v1/jobs/x/events", "/v1/jobs/{id}/events", ["x"]), (.get, "/v1/jobs/", "/v1/jobs/{id}", [""]),
        (.get, "/v1/models/a", "/v1/models/{name}*", ["a"]),
        (.get, "/v1/models/a/b/c", "/v1/models/{name}*", ["a/b/c"]),
        (.get, "/v1/models/a//b", "/v1/models/{name}*", ["a//b"]),
    ]

    @Test(arguments: found)
    func `a path leads to its route with the parts that are open`(
        method: HTTPMethod,
        path: String,
        pattern: String,
        open: [String]
    ) throws {
        let (route, parameters) = try Self.table.find(method, path)
        #expect(route.path == pattern && parameters == open)
    }

    @Test(arguments: [
        "", "//", "/v1", "/v1/", "/v1/jobs/a/b", "/v1/jobs/a/events/", "/v1/models", "/V1/jobs", "/v1/nothing",
    ])
    func `a path that is none is not found`(path: String) {
        let error = refusal(.get, path)
        #expect(error?.status == 404 && error?.code == "not_found")
    }

    static let wrong: [(HTTPMethod, String, String)] = [
        (.put, "/v1/jobs", "GET, HEAD, OPTIONS, POST"), (.post, "/v1/jobs/job_1", "DELETE, GET, HEAD, OPTIONS"),
        (.get, "/v1/only", "OPTIONS, POST"), (.head, "/v1/only", "OPTIONS, POST"),
        (.get, "/v1/images/x/visibility", "OPTIONS, PUT"), (.delete, "/", "GET, HEAD, OPTIONS"),
    ]

    @Test(arguments: wrong)
    func `a wrong method is told which are right`(method: HTTPMethod, path: String, allowed: String) {
        let error = refusal(method, path)
        #expect(error?.status == 405 && error?.code == "method_not_allowed")
        #expect(error?.headers.map(\.name) == ["allow"] && error?.headers.map(\.value) == [allowed])
    }

    private func refusal(_ method: HTTPMethod, _ path: String) -> APIError? {
        do throws(APIError) {
            _ = try Self.table.find(method, path)
            return nil
        } catch {
            return error
        }
    }
}
