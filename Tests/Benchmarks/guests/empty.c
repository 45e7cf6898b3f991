/* An extension module that is nothing but loaded: the floor of loading one. */

typedef struct _object PyObject;
struct PyModuleDef {
  long ob_refcnt;
  void *ob_type, *m_init;
  long m_index;
  void *m_copy;
  const char *m_name, *m_doc;
  long m_size;
  void *m_methods, *m_slots, *m_traverse, *m_clear, *m_free;
};

PyObject *PyModuleDef_Init(struct PyModuleDef *);

static struct PyModuleDef definition = {.ob_refcnt = 1, .m_name = "empty"};

PyObject *PyInit_empty(void) { return PyModuleDef_Init(&definition); }
