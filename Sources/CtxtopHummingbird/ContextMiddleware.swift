// Hummingbird serves each request in contexts of an app. Built with the package's trait Hummingbird.

#if Hummingbird
  public import CtxtopContexts
  public import Hummingbird

  /// Serves each request of a router in a request context. The request is over when its response has been written; its
  /// context goes before that, unless the response's body needs it. Add it to the router before other middleware, so
  /// that their work is the request's.
  ///
  /// The app has its contexts on tasks: `App(name:stacks: .task)`.
  public struct ContextMiddleware<Context: Hummingbird.RequestContext>: RouterMiddleware {
    private let app: App
    private let keepsContext: Bool
    private let routes = Guarded<[String: Route]>([:])

    /// `keepsContext`: the context is there while the response's body is written.
    public init(_ app: App, keepsContextWhileStreaming keepsContext: Bool = false) {
      self.app = app
      self.keepsContext = keepsContext
    }

    /// Serves one request.
    public func handle(
      _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
      let served = app.serve(RequestDescription(method: "\(request.method)", route: route(context.endpointPath)))
      do {
        var response = try await served.run {
          if keepsContext {
            let pushed = try served.push()
            do { return try await next(request, context) } catch {
              try pushed.pop(error: error)
              throw error
            }
          }
          return try await served.withContext { _ in try await next(request, context) }
        }
        response.body = streamed(response.body, served)
        return response
      } catch {
        // What has a status of its own is an answer.
        served.close(raised: !(error is any HTTPResponseError))
        throw error
      }
    }

    /// A body that ends the request when it has been written.
    private func streamed(_ body: ResponseBody, _ served: ServedRequest) -> ResponseBody {
      served.stream()
      return ResponseBody(contentLength: body.contentLength) { [keepsContext] writer in
        do {
          try await served.run {
            do { try await body.write(writer) } catch {
              if keepsContext { try CtxtopContexts.RequestContext.current?.pop(error: error) }
              throw error
            }
            if keepsContext { try CtxtopContexts.RequestContext.current?.pop() }
          }
        } catch {
          served.close(raised: true)
          throw error
        }
        served.close()
      }
    }

    /// Rules are few, and known by their text: one route for each.
    private func route(_ path: String?) -> Route {
      let rule = path ?? "unknown"
      return routes.withLock { routes in
        if let known = routes[rule] { return known }
        let route = Route(endpoint: rule, rule: rule)
        routes[rule] = route
        return route
      }
    }
  }
#endif
