import time, pytest, random
from surveys.models import *
from surveys.sending.blueprint import Press, build_bytes, _kept
from surveys.sending.compose import compose_invitation
from tests.factories import *
pytestmark = pytest.mark.django_db
def test_x():
    org = make_organisation()
    s=make_sender(reply_to="service@x.example")
    c = make_campaign(sender=s)
    for f,l in (("Fenna","Proef"),("Zoë","Müller"),("","Test BV"),("",""),("O'B & <i>","x,y"),('"q"\\',"z"),("\u200ff","r"),("株式"*20,"e")):
        inv = make_invitation(campaign=c, contact=make_contact(first_name=f,last_name=l))
        t=time.perf_counter(); press = Press.set_up(c, org); m = press.compose(inv); print(type(m).__name__, f, time.perf_counter()-t)
        if hasattr(m,"prepared"):
            slow = compose_invitation(inv, org); slow.extra_headers["Date"]=m.extra_headers["Date"]
            assert m.prepared()==build_bytes(slow, "="*15+m.gaps["boundary"]+"==")
    inv = make_invitation(campaign=c)
    for fn in (lambda: Press.set_up(c,org), lambda: press.compose(inv), lambda: press.compose(inv).prepared(), lambda: compose_invitation(inv,org).message().as_bytes()):
        n=200; fn(); t=time.perf_counter()
        for i in range(n): fn()
        print((time.perf_counter()-t)/n*1e6,"us")
    m = press.compose(inv)
    print(len(m.layout.pieces))
