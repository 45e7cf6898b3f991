/*
 * The part of CPython's stable ABI (abi3) that the extension uses, written by hand: the same declarations
 * hold for every CPython from 3.10 on, and no interpreter's own headers are needed to build.
 * https://docs.python.org/3/c-api/stable.html lists what belongs to it.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef intptr_t Py_ssize_t;
typedef struct _object {
  Py_ssize_t ob_refcnt;
  struct _object *ob_type;
} PyObject; /* only ever behind a pointer */

typedef PyObject *(*PyCFunction)(PyObject *, PyObject *);
typedef struct {
  const char *ml_name;
  PyCFunction ml_meth;
  int ml_flags;
  const char *ml_doc;
} PyMethodDef;
typedef struct {
  int slot;
  void *value;
} PyModuleDef_Slot;
typedef struct {
  Py_ssize_t ob_refcnt;
  void *ob_type;
  PyObject *(*m_init)(void);
  Py_ssize_t m_index;
  PyObject *m_copy;
} PyModuleDef_Base;
typedef struct {
  PyModuleDef_Base m_base;
  const char *m_name;
  const char *m_doc;
  Py_ssize_t m_size;
  PyMethodDef *m_methods;
  PyModuleDef_Slot *m_slots;
  void *m_traverse, *m_clear, *m_free;
} PyModuleDef;
typedef struct {
  int slot;
  void *pfunc;
} PyType_Slot;
typedef struct {
  const char *name;
  int basicsize;
  int itemsize;
  unsigned int flags;
  PyType_Slot *slots;
} PyType_Spec;
typedef struct {
  const char *name;
  int type;
  Py_ssize_t offset;
  int flags;
  const char *doc;
} PyMemberDef;
typedef int (*visitproc)(PyObject *, void *);

enum { METH_VARARGS = 1, METH_KEYWORDS = 2, METH_NOARGS = 4, METH_FASTCALL = 0x80 };
enum { /* typeslots.h */
  Py_tp_call = 50,
  Py_tp_clear = 51,
  Py_tp_dealloc = 52,
  Py_tp_descr_get = 54,
  Py_tp_doc = 56,
  Py_tp_getattro = 58,
  Py_tp_iter = 62,
  Py_tp_iternext = 63,
  Py_tp_methods = 64,
  Py_tp_traverse = 71,
  Py_tp_members = 72,
  Py_tp_free = 74,
};
enum {
  Py_TPFLAGS_HAVE_VECTORCALL = 1 << 11, /* documented from 3.12 on, and the same before */
  Py_TPFLAGS_HAVE_GC = 1 << 14,
  Py_TPFLAGS_METHOD_DESCRIPTOR = 1 << 17,
  Py_TPFLAGS_DEFAULT = 1 << 18,
};
enum { Py_T_OBJECT_EX = 16, Py_T_PYSSIZET = 19, Py_READONLY = 1 }; /* structmember.h */

extern PyObject _Py_NoneStruct, _Py_TrueStruct, _Py_FalseStruct;
extern PyObject PyList_Type, PyTuple_Type, PyUnicode_Type;
extern PyObject *PyExc_TypeError, *PyExc_ValueError, *PyExc_ImportError, *PyExc_AttributeError, *PyExc_Exception;

void Py_IncRef(PyObject *);
void Py_DecRef(PyObject *);
PyObject *PyModuleDef_Init(PyModuleDef *);
PyObject *PyModule_GetNameObject(PyObject *);
PyObject *PyDescr_NewMethod(PyObject *type, PyMethodDef *);
PyObject *PyCFunction_NewEx(PyMethodDef *, PyObject *self, PyObject *module);
PyCFunction PyCFunction_GetFunction(PyObject *);
PyObject *PyCFunction_GetSelf(PyObject *);
int PyCFunction_GetFlags(PyObject *);
PyObject *PyType_FromSpec(PyType_Spec *);
PyObject *PyType_GenericAlloc(PyObject *type, Py_ssize_t);
void *PyType_GetSlot(PyObject *type, int);
int PyType_IsSubtype(PyObject *, PyObject *);
void PyObject_GC_UnTrack(void *);

PyObject *PyErr_Occurred(void);
void PyErr_Clear(void);
void PyErr_SetString(PyObject *, const char *);
int PyErr_ExceptionMatches(PyObject *);
void PyErr_Fetch(PyObject **, PyObject **, PyObject **);
void PyErr_Restore(PyObject *, PyObject *, PyObject *);
void PyErr_NormalizeException(PyObject **, PyObject **, PyObject **);
int PyException_SetTraceback(PyObject *, PyObject *);

int Py_AddPendingCall(int (*)(void *), void *);

PyObject *PyObject_GetAttr(PyObject *, PyObject *);
PyObject *PyObject_GenericGetAttr(PyObject *, PyObject *);
PyObject *PyObject_GenericGetDict(PyObject *, void *);
PyObject *PyObject_Call(PyObject *, PyObject *args, PyObject *kwargs);
PyObject *PyObject_GetIter(PyObject *);
int PyObject_IsTrue(PyObject *);
int PyObject_IsInstance(PyObject *, PyObject *);
PyObject *PyIter_Next(PyObject *);
PyObject *PyWeakref_NewRef(PyObject *, PyObject *callback);
PyObject *PyWeakref_GetObject(PyObject *);

PyObject *PyTuple_New(Py_ssize_t);
Py_ssize_t PyTuple_Size(PyObject *);
PyObject *PyTuple_GetItem(PyObject *, Py_ssize_t);
int PyTuple_SetItem(PyObject *, Py_ssize_t, PyObject *);
PyObject *PyDict_New(void);
int PyDict_SetItem(PyObject *, PyObject *, PyObject *);
PyObject *PyDict_GetItemWithError(PyObject *, PyObject *);
long long PyLong_AsLongLong(PyObject *);
PyObject *PyLong_FromLongLong(long long);
PyObject *PyUnicode_InternFromString(const char *);
PyObject *PyUnicode_FromStringAndSize(const char *, Py_ssize_t);
const char *PyUnicode_AsUTF8AndSize(PyObject *, Py_ssize_t *);
int PyUnicode_CompareWithASCIIString(PyObject *, const char *);

PyObject *PyEval_GetFrame(void);
PyObject *PyFrame_GetCode(PyObject *);
int PyFrame_GetLineNumber(PyObject *);

PyObject *PyInterpreterState_Get(void);
int64_t PyInterpreterState_GetID(PyObject *);

/*
 * Not in the stable ABI of 3.10, but there in every CPython: looked up when the module is loaded, and done
 * without where they are missing.
 */
typedef PyObject *(*ctxtop_vectorcall)(PyObject *, PyObject *const *, size_t, PyObject *);
typedef int (*ctxtop_contextvar_get)(PyObject *, PyObject *, PyObject **);
typedef PyObject *(*ctxtop_frame_back)(PyObject *);
typedef int (*ctxtop_frame_lasti)(PyObject *); /* from 3.11 on */
