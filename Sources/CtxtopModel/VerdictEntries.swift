// What the catalogue says of each verdict: what it means, how it arises, what to do, and an example.

extension VerdictCatalogue {
  static let contextLeftBehind = VerdictEntry(
    name: "context left behind", severity: .critical,
    remedy:
      "Restart the worker now, gracefully. Then find what keeps the context from being popped: a push without a pop, "
      + "or something that raises while contexts are pushed or torn down.",
    meaning: """
      An app or request context is still on the stack of its thread, greenlet or task although its owner has \
      finished: the request that pushed it is closed, another request has begun, or the thread is gone. Somebody \
      pushed it and never popped it, or something raised in between. Whatever g and the session hold stays alive, and \
      the next request of that thread may see it. A context whose request is still open is never reported, \
      however long it takes.
      """,
    cause: """
      A push without a pop on some path; a receiver of appcontext_pushed that raises (Flask 2.2 to 3.1); a teardown \
      function that raises (Flask before 0.11); a response that the server never closes, because the client went \
      away in the middle of stream_with_context.
      """,
    example: """
      @appcontext_pushed.connect
      def load_user(app, **extra):
          g.user = User.from_token(request.headers["X-Token"])   # a KeyError here leaves the context behind
      """)

  static let reusedContext = VerdictEntry(
    name: "reused context", severity: .critical,
    remedy:
      "Restart the worker now, gracefully: requests see the state of another one. Then remove the cause of CTX001.",
    meaning: """
      Requests run on an app context that they did not push. They share g, and everything that is kept per app \
      context, with whoever left it there: a database session with another user's transaction, for instance.
      """,
    cause: """
      Up to Flask 3.1 a request that finds an app context of its own app on the stack uses it instead of pushing one, \
      and does not run teardown_appcontext at its end. So one context left behind (CTX001) changes every later \
      request of that thread.
      """,
    example: """
      app = create_app()
      app.app_context().push()      # at import: every request of this thread shares one g and one session
      """)

  static let teardownFailed = VerdictEntry(
    name: "teardown failed", severity: .warning,
    remedy: "Make the function catch its own errors, or guard teardown, so that the functions behind it still run.",
    meaning: """
      A function registered with teardown_appcontext or teardown_request raised. In Flask up to 3.1 the functions \
      that would have run after it are skipped, and so is what they would have freed: sessions, connections, locks.
      """,
    cause: """
      Teardown functions run last registered first. One that raises ends the loop, and Flask-SQLAlchemy's \
      session.remove(), registered earlier, never runs. A common way to raise there is to use the request in \
      teardown_appcontext: up to Flask 3.1 it is gone by then.
      """,
    example: """
      db.init_app(app)

      @app.teardown_appcontext
      def close_cart(error):
          g.cart.close()            # an AttributeError where the view set no cart: session.remove() is skipped
      """)

  static let connectionOutlivesContext = VerdictEntry(
    name: "connection outlives its context", severity: .warning,
    remedy:
      "Return the connection where it was taken (the frame below), in a `with` block or a teardown that cannot fail.",
    meaning: """
      A database connection is checked out, but the context that took it has ended and the response of its request \
      is closed: nobody is left to return it. When all connections of the pool are gone, every request that needs \
      one waits for the pool's timeout and fails. A connection taken outside of any context has no holder and is \
      never reported.
      """,
    cause: """
      A teardown that was skipped (CTX003), a session that is used again after its remove() (CTX005), or a connection \
      taken by hand and not closed on every path.
      """,
    example: """
      @app.get("/report")
      def report():
          connection = db.engine.connect()
          return build(connection)       # never closed; `with db.engine.connect() as connection:` is
      """)

  static let orphanSession = VerdictEntry(
    name: "orphan session", severity: .warning,
    remedy:
      "Find why session.remove() did not run, or ran too early (see CTX003), and restart the worker: a later request "
      + "may be given this session.",
    meaning: """
      A scoped database session is still in its registry although the context it belonged to is gone. It keeps its \
      connection, and whatever transaction it has open. Flask-SQLAlchemy 3 keeps sessions by the address of their \
      app context: when Python gives that address to a new context, that request works in the stranger's session, \
      and commits the stranger's work. The verdict is critical once that has happened.
      """,
    cause: """
      A teardown function that raised before session.remove(); one that was registered before db.init_app(), runs \
      after it and uses the session again; code in a copied context (a thread of asyncio.to_thread, a background \
      task) that uses db.session after the request is over.
      """,
    example: """
      @app.teardown_appcontext
      def audit(error):
          db.session.add(Visit())      # registered before init_app: runs after remove(), and makes a new session

      db.init_app(app)
      """)

  static let contextVanished = VerdictEntry(
    name: "context dropped without teardown", severity: .warning,
    remedy: "Pop what is pushed, best with `with app.app_context():`, so that its teardown functions run.",
    meaning: """
      A context was pushed and later was not on the stack any more, although nobody had popped it: its teardown \
      functions never ran. What they would have freed is still held.
      """,
    cause: """
      A view that pushes a context and does not pop it: Flask 2.2 to 3.1 resets its stack past the stray context when \
      the request ends, and raises an AssertionError into the server. Or a copied context that was thrown away.
      """,
    example: """
      @app.get("/preview")
      def preview():
          other_app.app_context().push()      # `with other_app.app_context():` pops it
          return render(...)
      """)

  static let connectionCrossedFork = VerdictEntry(
    name: "connection crossed a fork", severity: .critical,
    remedy: "Call engine.dispose(close=False) in every worker after the fork, or open connections only there.",
    meaning: """
      A database connection is used by a process that did not open it. Parent and children talk over one socket: \
      answers go to whoever reads first, so one request may get another one's rows.
      """,
    cause: """
      The application used its engine before the server forked its workers (gunicorn --preload, uWSGI without \
      lazy-apps, multiprocessing), and the pool's connections came along.
      """,
    example: """
      db.create_all()                    # opens a connection in the master

      def post_fork(server, worker):     # gunicorn.conf.py
          db.engine.dispose(close=False)
      """)

  static let workerWedged = VerdictEntry(
    name: "worker wedged", severity: .critical,
    remedy:
      "Look at what its threads wait for (py-spy dump --pid PID), then restart it. A worker that was stopped goes on "
      + "with SIGCONT.",
    meaning: """
      Nothing comes from this worker although something should: it is stopped or traced; or it has been in \
      uninterruptible sleep for over 5 s; or all of its threads are in requests, none of which (streams aside) did \
      anything for 30 s, while connections wait to be accepted.
      """,
    cause: """
      All threads wait for one lock, for a connection from an empty pool, or for an answer that never comes; a hung \
      file system; a debugger; a SIGSTOP.
      """,
    example: """
      requests.get(url)       # without timeout=: each thread that comes here may stay for ever
      """)

  static let diedHolding = VerdictEntry(
    name: "died holding", severity: .warning,
    remedy:
      "Look whether what it held was given back: delete a lock that stayed in the cache, look for open transactions in "
      + "the database. Give locks a timeout, and replace workers gracefully.",
    meaning: """
      A worker died in the middle of its work. The slot still shows what it had: contexts, connections, locks. The \
      kernel closed its sockets; a lock that lives elsewhere, in memcached for instance, stays taken until somebody \
      deletes it, and everybody who wants it waits.
      """,
    cause: """
      SIGKILL by a timeout or by the kernel when memory ran out; a crash; uWSGI's --reload-on-exception, which ends \
      the process under the requests of its other threads.
      """,
    example: """
      region.configure("dogpile.cache.memcached", arguments={
          "distributed_lock": True,
          "lock_timeout": 30,             # without it, a worker that dies leaves the lock for ever
      })
      """)

  static let hazard = VerdictEntry(
    name: "hazard", severity: .notice,
    remedy: "Change the setting that it names.",
    meaning: """
      The configuration of this server is known to lead to the other verdicts: a commit on teardown that can raise, \
      uWSGI's --reload-on-exception with threads, an app context pushed at import, Flask before 0.11, a distributed \
      lock without a timeout, a connection pool smaller than the number of threads.
      """,
    cause: "A setting, read from the running process.",
    example: """
      SQLALCHEMY_COMMIT_ON_TEARDOWN = True      # a commit that raises skips session.remove()
      """)
}
