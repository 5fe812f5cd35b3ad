"""frost_sta_client makes a platform with series, tells and corrects observations, asks for them by condition and page, and removes
them again; what is there is asserted by what it reads."""

import os
from datetime import UTC, datetime, timedelta

import frost_sta_client as sta
import requests
from geojson import Point

ENDPOINT = os.environ["OSLO_ENDPOINT"] + "/sta/v1.1"
TYPE = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"


class Bearer(requests.auth.AuthBase):
    def __call__(self, request):
        request.headers["Authorization"] = "Bearer " + os.environ["OSLO_TOKEN"]
        return request


class Token(sta.AuthHandler):
    def __init__(self):
        pass

    def add_auth_header(self):
        return Bearer()


service = sta.SensorThingsService(ENDPOINT)
service._auth_handler = Token()

location = sta.Location(
    name="Markt", description="Op het plein", encoding_type="application/geo+json", location=Point((3.72, 51.05)),
)
thing = sta.Thing(name="Meetpaal", description="Een paal", properties={"hoogte": 4}, locations=[location])
service.create(thing)

sensor = sta.Sensor(name="Thermometer", description="", encoding_type="text/html", metadata="https://maker.example/blad")
observed = sta.ObservedProperty(
    name="Temperatuur", description="", definition="http://qudt.org/vocab/quantitykind/Temperature",
)
unit = sta.UnitOfMeasurement(name="graad Celsius", symbol="°C", definition="http://qudt.org/vocab/unit/DEG_C")
series = sta.Datastream(
    name="Temperatuur op de markt", description="", observation_type=TYPE, unit_of_measurement=unit,
    thing=thing, sensor=sensor, observed_property=observed,
)
service.create(series)

begin = datetime(2026, 3, 1, tzinfo=UTC)
for minute in range(250):
    at = (begin + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")
    told = sta.Observation(phenomenon_time=at, result=minute / 10, datastream=sta.Datastream(id=series.id))
    service.create(told)
    assert told.id is not None

# Read back: entities, relations, pages.
found = service.things().find(thing.id)
assert (found.name, found.properties) == ("Meetpaal", {"hoogte": 4}), found
assert [one.name for one in found.get_locations().query().list()] == ["Markt"]
own = service.datastreams().find(series.id)
assert own.unit_of_measurement.symbol == "°C"
listed = own.get_observations().query().top(100).orderby("phenomenonTime", "desc").list()
results = [one.result for one in listed]
assert results == [minute / 10 for minute in reversed(range(250))], results[:5]

# Conditions and expansions.
warm = own.get_observations().query().filter("result gt 24 and phenomenonTime lt 2026-03-01T04:05:00Z").list()
assert [one.result for one in warm] == [24.1, 24.2, 24.3, 24.4], [one.result for one in warm]
full = service.things().query().filter("Datastreams/name eq 'Temperatuur op de markt'").expand("Datastreams($expand=Sensor)").list()
names = [one.datastreams.entities[0].sensor.name for one in full]
assert names == ["Thermometer"], names

# Changed, corrected, withdrawn.
found.name = "Mast"
service.update(found)
assert service.things().find(thing.id).name == "Mast"
newest = own.get_observations().query().top(1).orderby("phenomenonTime", "desc").list().entities[0]
newest.result = -1.5
service.update(newest)
assert service.observations().find(newest.id).result == -1.5
service.delete(newest)
count = own.get_observations().query().count().list().count
assert count == 249, count
service.delete(found)
assert service.datastreams().query().filter(f"id eq {series.id}").list().entities == []
print("read, written, corrected and removed")
