// What runs a worker, and what runs in it.

/// The server that a worker belongs to, as far as it tells.
public struct Server: Equatable, Sendable {
  /// `gunicorn`, `uwsgi`, `flask`, ...; empty when not known.
  public var kind: String
  /// The worker model: `sync`, `gthread`, `gevent`, `threads`, ...
  public var model: String
  /// The server's version.
  public var version: String
  /// Configured number of workers; nil where not known.
  public var workers: Int?
  /// Configured threads per worker; nil where not known.
  public var threads: Int?

  /// A server of which nothing is known.
  public init(kind: String = "", model: String = "", version: String = "", workers: Int? = nil, threads: Int? = nil) {
    self.kind = kind
    self.model = model
    self.version = version
    self.workers = workers
    self.threads = threads
  }
}

/// Versions of what runs in a worker; empty where the thing is not there.
public struct Runtime: Equatable, Sendable {
  /// CPython's version.
  public var python: String
  /// Flask's version.
  public var flask: String
  /// Werkzeug's version.
  public var werkzeug: String
  /// SQLAlchemy's version.
  public var sqlalchemy: String
  /// The agent's own version.
  public var agent: String

  /// A runtime of which nothing is known.
  public init(
    python: String = "", flask: String = "", werkzeug: String = "", sqlalchemy: String = "", agent: String = ""
  ) {
    self.python = python
    self.flask = flask
    self.werkzeug = werkzeug
    self.sqlalchemy = sqlalchemy
    self.agent = agent
  }
}
