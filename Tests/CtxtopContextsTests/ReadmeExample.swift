// The example of the README, which must compile; ReadmeExampleTests sees to it that it is the same there.

// <swift server>
import CtxtopContexts

/// Set up once, before the first request.
struct Shop {
  let app = App(name: "shop")
  let cart = Route(endpoint: "cart", rule: "/cart/<id>")
  let user = ContextLocal<String>()

  init() {
    app.teardownApp("close_cart") { context, error in
      // Runs when the work is over, whatever became of it. One that throws does not keep the others from running.
    }
    do { try app.start() } catch { print("not monitored: \(error)") }
  }

  /// Called by a thread of the server for each request.
  func serve(_ id: String, for name: String) throws -> String {
    try app.withRequest(RequestDescription(method: "GET", route: cart)) { context in
      context[user] = name
      return "the cart \(id) of \(context[user] ?? "nobody")"
    }
  }
}
// </swift server>
